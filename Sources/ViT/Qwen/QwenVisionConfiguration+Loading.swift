import Checkpoint
import Kernels

extension QwenVisionConfiguration {
  /// Reads a `vision_config` of Qwen2-VL; absent keys are Qwen2VLVisionConfig's. Its `hidden_size` is the decoder's.
  public init(qwen2 section: ConfigurationReader) throws(CheckpointError) {
    try section.expectType(["qwen2_vl", "qwen2_vl_vision"])
    let width = try section.integer("embed_dim", default: 1280, in: 1...65_536)
    let ratio = try section.integer("mlp_ratio", default: 4, in: 1...64)
    try self.init(section, width: width, depth: 32, patchSize: 14, activation: .quickGelu, naming: .qwen2)
    feedForwardWidth = width * ratio
    outputWidth = try section.integer("hidden_size", default: 3584, in: 1...65_536)
  }

  /// Reads a `vision_config` of Qwen2.5-VL; absent keys are Qwen2_5_VLVisionConfig's.
  public init(qwen25 section: ConfigurationReader) throws(CheckpointError) {
    try section.expectType(["qwen2_5_vl", "qwen2_5_vl_vision"])
    let width = try section.integer("hidden_size", default: 3584, in: 1...65_536)
    try self.init(section, width: width, depth: 32, patchSize: 14, activation: .silu, naming: .qwen2)
    norm = .rms
    isGated = true
    feedForwardWidth = try section.integer("intermediate_size", default: 3420, in: 1...1_048_576)
    outputWidth = try section.integer("out_hidden_size", default: 3584, in: 1...65_536)
    let window = try section.integer("window_size", default: 112, in: 1...65_536)
    let cells = window / mergeSize / patchSize
    guard cells > 0 else {
      throw section.error("window_size", found: "\(window)", expected: "at least \(mergeSize * patchSize) pixels")
    }
    windowCells = cells
    // Blocks past the last one may be listed: the class default names those of 32 blocks, whatever the depth.
    let full =
      section.isEmptyList("fullatt_block_indexes")
      ? []
      : try section.integers(
        "fullatt_block_indexes", default: [7, 15, 23, 31])
    fullAttentionBlocks = Set(full.filter { (0..<depth).contains($0) })
  }

  /// Reads a `vision_config` of Qwen3-VL; absent keys are Qwen3VLVisionConfig's.
  public init(qwen3 section: ConfigurationReader) throws(CheckpointError) {
    try section.expectType(["qwen3_vl", "qwen3_vl_vision"])
    let width = try section.integer("hidden_size", default: 1152, in: 1...65_536)
    try self.init(section, width: width, depth: 27, patchSize: 16, activation: .geluTanh, naming: .qwen3)
    feedForwardWidth = try section.integer("intermediate_size", default: 4304, in: 1...1_048_576)
    outputWidth = try section.integer("out_hidden_size", default: 3584, in: 1...65_536)
    patchBias = true
    let positions = try section.integer("num_position_embeddings", default: 2304, in: 1...16_777_216)
    let side = Int(Double(positions).squareRoot())
    guard side * side == positions else {
      throw section.error("num_position_embeddings", found: "\(positions)", expected: "the square of a whole number")
    }
    positionTableSide = side
    let key = "deepstack_visual_indexes"
    let blocks = section.isEmptyList(key) ? [] : try section.integers(key, default: [8, 16, 24])
    guard blocks.allSatisfy({ (0..<depth).contains($0) }), zip(blocks, blocks.dropFirst()).allSatisfy(<) else {
      throw section.error(key, found: "\(blocks)", expected: "ascending blocks from 0 to \(depth - 1)")
    }
    deepStackBlocks = blocks
  }

  /// Reads the keys that all generations share; the others have the values of Qwen2-VL.
  private init(
    _ section: ConfigurationReader, width: Int, depth: Int, patchSize: Int, activation: Activation, naming: QwenNaming
  ) throws(CheckpointError) {
    let heads = try section.integer("num_heads", default: 16, in: 1...1024)
    // Half of a head turns with the row, half with the column, and each half works on pairs.
    guard width % heads == 0, width / heads % 4 == 0 else {
      throw section.error("num_heads", found: "\(heads)", expected: "\(width) divided by a multiple of 4")
    }
    for key in ["in_channels", "in_chans"] {
      let channels = try section.integer(key, default: 3, in: 1...1024)
      guard channels == 3 else { throw section.error(key, found: "\(channels)", expected: "3") }
    }
    let frames = try section.integer("temporal_patch_size", default: 2, in: 1...64)
    guard frames == 2 else { throw section.error("temporal_patch_size", found: "\(frames)", expected: "2") }
    let depth = try section.integer("depth", default: depth, in: 1...1024)
    self.init(
      patchSize: try section.integer("patch_size", default: patchSize, in: 1...1024), temporalPatch: frames,
      mergeSize: try section.integer("spatial_merge_size", default: 2, in: 1...16), width: width, depth: depth,
      heads: heads, feedForwardWidth: width, activation: try section.activation("hidden_act", default: activation),
      norm: .layer, isGated: false, windowCells: nil, fullAttentionBlocks: [], normEpsilon: 1e-6,
      rotaryTheta: try section.axialTheta(), outputWidth: width, positionTableSide: nil, deepStackBlocks: [],
      patchBias: false, naming: naming)
  }
}

extension ConfigurationReader {
  fileprivate func expectType(_ names: [String]) throws(CheckpointError) {
    let type = try string("model_type", default: names[0])
    guard names.contains(type) else {
      throw error("model_type", found: "\"\(type)\"", expected: names.map { "\"\($0)\"" }.joined(separator: " or "))
    }
  }

  /// The base of the frequencies of rows and columns.
  fileprivate func axialTheta() throws(CheckpointError) -> Double {
    let parameters = try section("rope_parameters")
    let kind = try parameters.string("rope_type", default: "axial")
    // transformers computes the same frequencies under both names.
    guard ["axial", "default"].contains(kind) else {
      throw parameters.error("rope_type", found: "\"\(kind)\"", expected: "\"axial\" or \"default\"")
    }
    return try parameters.singleNumber("rope_theta", default: 10_000)
  }

  /// `integers` takes no empty list.
  fileprivate func isEmptyList(_ key: String) -> Bool { present(key)?.elements.map { $0.count == 0 } ?? false }
}
