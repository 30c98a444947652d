import Basics
import Checkpoint
import Kernels

/// What config.json says about a standalone encoder, of type `vit` or `deit`. An absent key takes ViTConfig's default,
/// which is DeiTConfig's as well.
struct EncoderDescription {
  /// Also the prefix of the encoder's tensors.
  let modelType: String
  let tower: VisionConfiguration
  let classes: Int
  /// In order of class; empty where config.json names none.
  let labels: [String]
  /// Whether config.json says that the weights include a head.
  let promisesHead: Bool

  init(_ folder: CheckpointFolder) throws(CheckpointError) {
    let file = folder.file("config.json")
    let json = try folder.json("config.json")
    do throws(JSONError) {
      let reader = try JSONReader<JSONError>(json, file: file)
      modelType = try reader.string("model_type")
      guard ["vit", "deit"].contains(modelType) else {
        throw reader.error("model_type", found: "\"\(modelType)\"", expected: "\"vit\" or \"deit\"")
      }
      tower = try Self.tower(reader, modelType: modelType)
      labels = try Self.labels(reader)
      let counted = try reader.optionalInteger("num_labels") ?? 2
      classes = labels.isEmpty ? counted : labels.count
      let architectures = reader.present("architectures")?.elements.map { $0.compactMap(\.string) } ?? []
      promisesHead = architectures.contains { $0.hasSuffix("ForImageClassification") }
    } catch {
      throw .configuration(file: file, reason: error.message)
    }
  }

  private static func tower(
    _ json: JSONReader<JSONError>, modelType: String
  ) throws(JSONError) -> VisionConfiguration {
    let width = try json.integer("hidden_size", default: 768, in: 1...65_536)
    let heads = try json.integer("num_attention_heads", default: 12, in: 1...1024)
    guard width % heads == 0 else {
      throw json.error("num_attention_heads", found: "\(heads)", expected: "a divisor of \"hidden_size\" \(width)")
    }
    _ = try json.integer("num_channels", default: 3, in: 3...3)
    guard try json.boolean("qkv_bias", default: true) else {
      throw json.error("qkv_bias", found: "false", expected: "true")
    }
    let imageSize = try json.integer("image_size", default: 224, in: 1...8192)
    let patchSize = try json.integer("patch_size", default: 16, in: 1...imageSize)
    guard imageSize / patchSize <= VisionConfiguration.mostPatchesASide else {
      throw json.error(
        "patch_size", found: "\(patchSize)",
        expected: "at most \(VisionConfiguration.mostPatchesASide) patches a side of \(imageSize)")
    }
    return VisionConfiguration(
      imageSize: imageSize, patchSize: patchSize, width: width,
      depth: try json.integer("num_hidden_layers", default: 12, in: 1...1024), heads: heads,
      feedForwardWidth: try json.integer("intermediate_size", default: 3072, in: 1...1_048_576),
      activation: try json.activation("hidden_act", default: .gelu),
      normEpsilon: Float(try json.singleNumber("layer_norm_eps", default: 1e-12)),
      prefixTokens: modelType == "deit" ? 2 : 1, normalisesInput: false, patchBias: true)
  }

  /// `id2label`: an object whose keys number the classes from 0.
  private static func labels(_ json: JSONReader<JSONError>) throws(JSONError) -> [String] {
    guard let value = json.present("id2label") else { return [] }
    let members = try json.members("id2label")
    var labels = [String?](repeating: nil, count: members.count)
    for member in members {
      guard let index = Int(member.name), labels.indices.contains(index), let label = member.value.string else {
        throw json.unusable("id2label", value, "\(members.count) names, numbered from 0")
      }
      labels[index] = label
    }
    return labels.compactMap { $0 }
  }
}
