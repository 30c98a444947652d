import Checkpoint
import Kernels

extension VisionTransformer {
  /// Reads the tower's weights from `scope`, checking every shape. The norm after the last block is left to the caller:
  /// a tower inside a language model does not use it.
  public init(
    _ configuration: VisionConfiguration, from scope: WeightScope, naming: TowerNaming
  ) throws(CheckpointError) {
    let width = configuration.width
    let scope = scope.of(.tower)
    self.configuration = configuration
    patchEmbedding = try Self.patchEmbedding(configuration, scope.scope(naming.patch))
    prefix = try Self.prefix(configuration, scope, naming)
    positions = try scope.tensor(naming.positions, (naming.storesBatchAxis ? [1] : []) + [configuration.tokens, width])
    if configuration.normalisesInput, let name = naming.inputNorm {
      inputNorm = try scope.layerNorm(name, width: width, epsilon: configuration.normEpsilon)
    } else {
      inputNorm = nil
    }
    var blocks: [EncoderBlock] = []
    for layer in 0..<configuration.depth {
      blocks.append(
        try EncoderBlock(configuration, from: scope.scope(naming.layers, layer), naming: naming.block))
    }
    self.blocks = blocks
  }

  /// The convolution's kernel [width, 3, patch, patch] is stored exactly as the product's weight matrix.
  private static func patchEmbedding(
    _ configuration: VisionConfiguration, _ scope: WeightScope
  ) throws(CheckpointError) -> PatchEmbedding {
    let patch = configuration.patchSize
    let kernel = try scope.tensor("weight", [configuration.width, 3, patch, patch])
    let bias = configuration.patchBias ? try scope.tensor("bias", [configuration.width]) : nil
    return PatchEmbedding(
      patchSize: patch,
      projection: scope.linear(kernel, inputs: 3 * patch * patch, outputs: configuration.width, bias: bias))
  }

  private static func prefix(
    _ configuration: VisionConfiguration, _ scope: WeightScope, _ naming: TowerNaming
  ) throws(CheckpointError) -> WeightBuffer {
    let shape = (naming.storesBatchAxis ? [1, 1] : []) + [configuration.width]
    var values: [Float] = []
    if configuration.prefixTokens > 0 { values += try scope.tensor(naming.classToken, shape).values }
    if configuration.prefixTokens > 1, let name = naming.distillationToken {
      values += try scope.tensor(name, shape).values
    }
    precondition(values.count == configuration.prefixTokens * configuration.width, "a naming covers the prefix tokens")
    return WeightBuffer(values)
  }
}

extension EncoderBlock {
  init(
    _ configuration: VisionConfiguration, from scope: WeightScope, naming: TowerNaming.BlockNaming
  ) throws(CheckpointError) {
    let width = configuration.width
    let epsilon = configuration.normEpsilon
    let projections = try Self.projections(width: width, scope, naming.projections)
    attentionNorm = try scope.layerNorm(naming.attentionNorm, width: width, epsilon: epsilon)
    query = projections[0]
    key = projections[1]
    value = projections[2]
    output = try scope.linear(naming.output, inputs: width, outputs: width, bias: true)
    feedForwardNorm = try scope.layerNorm(naming.feedForwardNorm, width: width, epsilon: epsilon)
    expand = try scope.linear(
      naming.expand, inputs: width, outputs: configuration.feedForwardWidth, bias: true)
    contract = try scope.linear(
      naming.contract, inputs: configuration.feedForwardWidth, outputs: width, bias: true)
    attention = EncoderAttention(
      heads: configuration.heads, headWidth: configuration.headWidth, prefix: configuration.prefixTokens,
      engine: scope.narrowEngine)
    activation = configuration.activation
  }

  private static func projections(
    width: Int, _ scope: WeightScope, _ naming: TowerNaming.Projections
  ) throws(CheckpointError) -> [Linear] {
    switch naming {
    case .separate(let query, let key, let value):
      return [
        try scope.linear(query, inputs: width, outputs: width, bias: true),
        try scope.linear(key, inputs: width, outputs: width, bias: true),
        try scope.linear(value, inputs: width, outputs: width, bias: true),
      ]
    case .fused(let name):
      return try scope.linears(name, parts: 3, inputs: width, outputs: width)
    }
  }
}
