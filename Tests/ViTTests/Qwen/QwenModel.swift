import Basics
import Checkpoint
import Kernels
import TestSupport
import Testing
import ViT

/// A small tower with random weights, for the tower under test and for its reference.
struct QwenModel: CustomTestStringConvertible {
  let name: String
  /// The `vision_config`.
  let text: String
  let read: @Sendable (ConfigurationReader) throws(CheckpointError) -> QwenVisionConfiguration

  var testDescription: String { name }

  static let qwen2 = QwenModel(
    name: "Qwen2-VL",
    text: #"{"depth": 3, "embed_dim": 24, "mlp_ratio": 2, "num_heads": 3, "hidden_size": 10, "patch_size": 3}"#,
    read: QwenVisionConfiguration.init(qwen2:))
  /// Windows of 2×2 merged cells; blocks 1 and 3 attend to the whole view.
  static let qwen25 = QwenModel(
    name: "Qwen2.5-VL",
    text: #"""
      {"depth": 4, "hidden_size": 24, "intermediate_size": 29, "num_heads": 2, "out_hidden_size": 10, "patch_size": 3,
      "window_size": 14, "fullatt_block_indexes": [1, 3]}
      """#, read: QwenVisionConfiguration.init(qwen25:))
  static let qwen3 = QwenModel(
    name: "Qwen3-VL",
    text: #"""
      {"depth": 4, "hidden_size": 16, "intermediate_size": 29, "num_heads": 2, "out_hidden_size": 10, "patch_size": 3,
      "num_position_embeddings": 25, "deepstack_visual_indexes": [0, 2]}
      """#, read: QwenVisionConfiguration.init(qwen3:))
  static let all = [qwen2, qwen25, qwen3]

  func configuration() throws -> QwenVisionConfiguration {
    try read(try ConfigurationReader(JSONValue(parsing: Array(text.utf8)), file: "config.json"))
  }

  /// Shapes by name, as published checkpoints have them.
  func shapes() throws -> [String: [Int]] {
    let shape = try configuration()
    let (width, inner, group) = (shape.width, shape.feedForwardWidth, 4 * shape.width)
    var shapes = ["patch_embed.proj.weight": [width, 3, 2, shape.patchSize, shape.patchSize]]
    func add(_ name: String, _ outputs: Int, _ inputs: Int) {
      shapes["\(name).weight"] = [outputs, inputs]
      shapes["\(name).bias"] = [outputs]
    }
    func norm(_ name: String, _ width: Int) {
      shapes["\(name).weight"] = [width]
      if !shape.isGated { shapes["\(name).bias"] = [width] }
    }
    for layer in 0..<shape.depth {
      let block = "blocks.\(layer)"
      norm("\(block).norm1", width)
      norm("\(block).norm2", width)
      add("\(block).attn.qkv", 3 * width, width)
      add("\(block).attn.proj", width, width)
      let names = shape.isGated ? ["gate_proj", "up_proj", "down_proj"] : expandAndContract(shape)
      for name in names.dropLast() { add("\(block).mlp.\(name)", inner, width) }
      add("\(block).mlp.\(names[names.count - 1])", width, inner)
    }
    let isThird = shape.positionTableSide != nil
    norm(isThird ? "merger.norm" : "merger.ln_q", width)
    add(isThird ? "merger.linear_fc1" : "merger.mlp.0", group, group)
    add(isThird ? "merger.linear_fc2" : "merger.mlp.2", shape.outputWidth, group)
    for level in shape.deepStackBlocks.indices {
      norm("deepstack_merger_list.\(level).norm", group)
      add("deepstack_merger_list.\(level).linear_fc1", group, group)
      add("deepstack_merger_list.\(level).linear_fc2", shape.outputWidth, group)
    }
    if let side = shape.positionTableSide {
      shapes["patch_embed.proj.bias"] = [width]
      shapes["pos_embed.weight"] = [side * side, width]
    }
    return shapes
  }

  private func expandAndContract(_ shape: QwenVisionConfiguration) -> [String] {
    shape.positionTableSide == nil ? ["fc1", "fc2"] : ["linear_fc1", "linear_fc2"]
  }

  /// Attention has peaks, norms have gains, and every bias counts.
  func weights() throws -> [String: [Float]] {
    var numbers = TestNumbers(seed: 18)
    var weights: [String: [Float]] = [:]
    for (name, shape) in try shapes().sorted(by: { $0.key < $1.key }) {
      let isNorm = name.contains("norm") || name.contains("ln_q")
      let range: ClosedRange<Float> =
        name.hasSuffix("bias")
        ? -0.3...0.3
        : isNorm
          ? 0.5...1.5
          : name.contains("qkv") ? -0.6...0.6 : name.contains("pos_embed") ? -1...1 : -0.3...0.3
      weights[name] = numbers.floats(shape.reduce(1, *), in: range)
    }
    return weights
  }

  /// The tower and its merger from a file with `weights`.
  func load(packing: WeightPacking? = nil) throws -> (tower: QwenTower, merger: QwenMerger) {
    let (configuration, shapes) = (try configuration(), try shapes())
    return try withTemporaryFolder { folder in
      var writer = TensorWriter()
      for (name, values) in try weights() { writer.add("visual.\(name)", shape: shapes[name] ?? [], values) }
      try writer.write(to: "\(folder)/model.safetensors")
      let file = try TensorFile(path: "\(folder)/model.safetensors")
      let source = WeightSource(file: file, packing: packing)
      let scope = WeightScope(source, prefix: "visual")
      let tower = try QwenTower(configuration, from: scope)
      let merger = try QwenMerger(configuration, from: scope)
      try source.finish { _ in false }
      return (tower, merger)
    }
  }

  /// Pixels of `frames` frames.
  func pixels(_ grid: Grid, frames: Int = 1) throws -> [Float] {
    let patch = try configuration().patchSize
    var numbers = TestNumbers(seed: UInt64(grid.rows * 100 + grid.columns))
    return numbers.floats(frames * 3 * grid.count * patch * patch)
  }
}

/// Collects what a tower shows.
final class ShownTensors: TensorSink {
  private(set) var tensors: [String: (shape: [Int], values: [Float])] = [:]

  func take(_ name: String, shape: [Int], _ values: [Float]) { tensors[name] = (shape, values) }
}
