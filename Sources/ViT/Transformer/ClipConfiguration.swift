import Checkpoint
import Kernels

extension VisionConfiguration {
  /// Memory of one attention tile grows with the patches; published towers have 16 to 37 a side.
  static let mostPatchesASide = 256

  /// Reads a `vision_config` of type `clip_vision_model`; absent keys are CLIPVisionConfig's, and an absent section is
  /// the tower of LLaVA-1.5, or of the family that sees `standardSize` pixels.
  public init(clip section: ConfigurationReader, standardSize: Int = 336) throws(CheckpointError) {
    let type = try section.string("model_type", default: "clip_vision_model")
    guard type == "clip_vision_model" || type == "clip" else {
      throw section.error("model_type", found: "\"\(type)\"", expected: "\"clip_vision_model\"")
    }
    let wide = !section.exists
    let width = try section.integer("hidden_size", default: wide ? 1024 : 768, in: 1...65_536)
    let heads = try section.integer("num_attention_heads", default: wide ? 16 : 12, in: 1...1024)
    guard width % heads == 0 else {
      throw section.error("num_attention_heads", found: "\(heads)", expected: "a divisor of hidden_size \(width)")
    }
    let channels = try section.integer("num_channels", default: 3, in: 1...1024)
    guard channels == 3 else { throw section.error("num_channels", found: "\(channels)", expected: "3") }
    let imageSize = try section.integer("image_size", default: wide ? standardSize : 224, in: 1...8192)
    let patchSize = try section.integer("patch_size", default: wide ? 14 : 32, in: 1...imageSize)
    guard imageSize / patchSize <= Self.mostPatchesASide else {
      throw section.error(
        "patch_size", found: "\(patchSize)", expected: "at most \(Self.mostPatchesASide) patches a side of \(imageSize)"
      )
    }
    self.init(
      imageSize: imageSize, patchSize: patchSize,
      width: width, depth: try section.integer("num_hidden_layers", default: wide ? 24 : 12, in: 1...1024),
      heads: heads,
      feedForwardWidth: try section.integer("intermediate_size", default: wide ? 4096 : 3072, in: 1...1_048_576),
      activation: try section.activation("hidden_act", default: .quickGelu),
      normEpsilon: Float(try section.singleNumber("layer_norm_eps", default: 1e-5)), prefixTokens: 1,
      normalisesInput: true,
      patchBias: false)
  }
}
