import Checkpoint
import Kernels

extension QwenTower {
  /// Reads the tower's weights from `scope` (`visual`), checking every shape; `QwenMerger` reads the rest of it.
  public init(_ configuration: QwenVisionConfiguration, from scope: WeightScope) throws(CheckpointError) {
    let scope = scope.of(.tower)
    let (width, patch) = (configuration.width, configuration.patchSize)
    let projection = scope.scope("patch_embed").scope("proj")
    // The convolution's kernel is stored exactly as the product's weight matrix.
    let kernel = try projection.tensor("weight", [width, 3, configuration.temporalPatch, patch, patch])
    let bias = configuration.patchBias ? try projection.tensor("bias", [width]) : nil
    var positions: QwenPositions?
    if let side = configuration.positionTableSide {
      let table = try scope.scope("pos_embed").tensor("weight", [side * side, width])
      positions = QwenPositions(side: side, width: width, table: table)
    }
    var blocks: [QwenBlock] = []
    for layer in 0..<configuration.depth {
      blocks.append(try QwenBlock(configuration, from: scope.scope("blocks", layer)))
    }
    self.init(
      configuration,
      embedding: QwenPatchEmbedding(
        patchSize: patch, frames: configuration.temporalPatch,
        projection: scope.linear(kernel, inputs: configuration.patchValues, outputs: width, bias: bias)),
      positions: positions, blocks: blocks)
  }
}

extension QwenBlock {
  init(_ configuration: QwenVisionConfiguration, from scope: WeightScope) throws(CheckpointError) {
    let width = configuration.width
    let projections = try scope.linears("attn.qkv", parts: 3, inputs: width, outputs: width)
    query = projections[0]
    key = projections[1]
    value = projections[2]
    output = try scope.linear("attn.proj", inputs: width, outputs: width, bias: true)
    attentionNorm = try QwenNorm(configuration, from: scope, name: "norm1", width: width)
    feedForwardNorm = try QwenNorm(configuration, from: scope, name: "norm2", width: width)
    feedForward = try QwenFeedForward(configuration, from: scope)
    attention = EncoderAttention(
      heads: configuration.heads, headWidth: configuration.headWidth, prefix: 0, engine: scope.narrowEngine)
  }
}

extension QwenFeedForward {
  init(_ configuration: QwenVisionConfiguration, from scope: WeightScope) throws(CheckpointError) {
    let (width, inner) = (configuration.width, configuration.feedForwardWidth)
    let naming = configuration.naming
    if configuration.isGated {
      self = .gated(
        gate: try scope.linear("mlp.gate_proj", inputs: width, outputs: inner, bias: true),
        up: try scope.linear("mlp.up_proj", inputs: width, outputs: inner, bias: true),
        down: try scope.linear("mlp.down_proj", inputs: inner, outputs: width, bias: true), configuration.activation)
    } else {
      self = .plain(
        expand: try scope.linear(naming.expand, inputs: width, outputs: inner, bias: true),
        contract: try scope.linear(naming.contract, inputs: inner, outputs: width, bias: true),
        configuration.activation)
    }
  }
}

extension QwenNorm {
  init(
    _ configuration: QwenVisionConfiguration, from scope: WeightScope, name: String, width: Int
  ) throws(CheckpointError) {
    switch configuration.norm {
    case .layer: self = .layer(try scope.layerNorm(name, width: width, epsilon: configuration.normEpsilon))
    case .rms: self = .rms(try scope.rmsNorm(name, width: width, epsilon: configuration.normEpsilon))
    }
  }
}
