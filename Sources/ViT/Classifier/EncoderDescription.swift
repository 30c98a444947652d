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
    do {
      modelType = try json.string("model_type")
      tower = try Self.tower(json, modelType: modelType)
      labels = try Self.labels(json)
      let counted = try json.optionalInteger("num_labels") ?? 2
      classes = labels.isEmpty ? counted : labels.count
      let architectures = json["architectures"]?.elements.map { $0.compactMap(\.string) } ?? []
      promisesHead = architectures.contains { $0.hasSuffix("ForImageClassification") }
    } catch let error as JSONError {
      throw .configuration(file: file, reason: error.message)
    } catch let error as Unusable {
      throw .configuration(file: file, reason: error.reason)
    } catch {
      throw .configuration(file: file, reason: "\(error)")
    }
  }

  private struct Unusable: Error {
    let reason: String
  }

  private static func tower(_ json: JSONValue, modelType: String) throws -> VisionConfiguration {
    guard ["vit", "deit"].contains(modelType) else {
      throw Unusable(reason: "\"model_type\" is \"\(modelType)\", expected \"vit\" or \"deit\"")
    }
    let width = try whole(json, "hidden_size", default: 768, in: 1...65_536)
    let heads = try whole(json, "num_attention_heads", default: 12, in: 1...1024)
    guard width % heads == 0 else {
      throw Unusable(reason: "\"num_attention_heads\" is \(heads), expected a divisor of \"hidden_size\" \(width)")
    }
    _ = try whole(json, "num_channels", default: 3, in: 3...3)
    guard try json.optionalBoolean("qkv_bias") ?? true else {
      throw Unusable(reason: "\"qkv_bias\" is false, expected true")
    }
    let name = try json.optionalString("hidden_act") ?? Activation.gelu.rawValue
    guard let activation = Activation(rawValue: name) else {
      let known = Activation.allCases.map(\.rawValue).joined(separator: ", ")
      throw Unusable(reason: "\"hidden_act\" is \"\(name)\", expected one of \(known)")
    }
    let epsilon = try json.optionalNumber("layer_norm_eps") ?? 1e-12
    guard epsilon > 0, epsilon.isFinite else {
      throw Unusable(reason: "\"layer_norm_eps\" is \(epsilon), expected a number above 0")
    }
    let imageSize = try whole(json, "image_size", default: 224, in: 1...8192)
    let patchSize = try whole(json, "patch_size", default: 16, in: 1...imageSize)
    guard imageSize / patchSize <= VisionConfiguration.mostPatchesASide else {
      throw Unusable(
        reason:
          "\"patch_size\" is \(patchSize), expected at most \(VisionConfiguration.mostPatchesASide) patches a side of "
          + "\(imageSize)")
    }
    return VisionConfiguration(
      imageSize: imageSize, patchSize: patchSize, width: width,
      depth: try whole(json, "num_hidden_layers", default: 12, in: 1...1024), heads: heads,
      feedForwardWidth: try whole(json, "intermediate_size", default: 3072, in: 1...1_048_576),
      activation: activation, normEpsilon: Float(epsilon), prefixTokens: modelType == "deit" ? 2 : 1,
      normalisesInput: false, patchBias: true)
  }

  /// `id2label`: an object whose keys number the classes from 0.
  private static func labels(_ json: JSONValue) throws -> [String] {
    guard let value = json["id2label"], !value.isNull else { return [] }
    let members = try json.members("id2label")
    var labels = [String?](repeating: nil, count: members.count)
    for member in members {
      guard let index = Int(member.name), labels.indices.contains(index), let label = member.value.string else {
        throw Unusable(reason: "\"id2label\" does not number \(members.count) names from 0")
      }
      labels[index] = label
    }
    return labels.compactMap { $0 }
  }

  private static func whole(
    _ json: JSONValue, _ key: String, default fallback: Int, in range: ClosedRange<Int>
  ) throws -> Int {
    let number = try json.optionalInteger(key) ?? fallback
    guard range.contains(number) else {
      throw Unusable(
        reason: "\"\(key)\" is \(number), expected a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }
}
