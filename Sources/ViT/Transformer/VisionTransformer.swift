import Kernels

/// What to take out of one pass through the encoder.
public struct EncodingRequest: Sendable {
  /// Outputs of these 0-based blocks; −1 stands for the input of block 0.
  public var hiddenLayers: Set<Int> = []
  /// Taps by 0-based block.
  public var taps: [Int: Set<AttentionTap>] = [:]
  /// Keys by 0-based block.
  public var keyLayers: Set<Int> = []

  public init() {}

  /// The last block that has to run, its attention at least; −1 when none has to.
  var lastLayer: Int { max(hiddenLayers.max() ?? -1, taps.keys.max() ?? -1, keyLayers.max() ?? -1) }
}

/// The result for one view. Sequences include the prefix tokens.
public struct Encoding: Sendable {
  /// [tokens, width] by 0-based block; −1 for the input of block 0.
  public var hidden: [Int: Matrix] = [:]
  public var taps: [Int: [AttentionTap: TapValue]] = [:]
  /// [tokens, heads · headWidth].
  public var keys: [Int: Matrix] = [:]
}

/// A vision transformer with learned positions: CLIP's tower, ViT and DeiT, by configuration. It stops at the last
/// block that is needed.
public struct VisionTransformer: Sendable {
  public let configuration: VisionConfiguration
  let patchEmbedding: PatchEmbedding
  /// [prefixTokens, width].
  let prefix: WeightBuffer
  /// [tokens, width].
  let positions: WeightBuffer
  let inputNorm: LayerNorm?
  let blocks: [EncoderBlock]

  /// Encodes one view.
  /// - Parameters:
  ///   - pixels: [3, imageSize, imageSize], normalised.
  ///   - beforeBlock: as in `TowerInput`.
  public func encode(
    _ pixels: [Float], request: EncodingRequest, beforeBlock: (() -> Void)? = nil, workers: Workers
  ) -> Encoding {
    var encoding = Encoding()
    let embedded = embed(pixels, workers: workers)
    if request.hiddenLayers.contains(-1) { encoding.hidden[-1] = matrix(embedded) }
    let last = request.lastLayer
    precondition(last < blocks.count, "a request names blocks that exist")
    guard last >= 0 else { return encoding }
    var work = EncoderWorkspace(
      hidden: embedded, tokens: configuration.tokens, feedForwardWidth: configuration.feedForwardWidth,
      from: workers.workspaces)
    let deepestOutput = request.hiddenLayers.max() ?? -1
    for layer in 0...last {
      beforeBlock?()
      let taps = request.taps[layer] ?? []
      // Even past the deepest output that is read, the maps of later blocks need this block's output, unless it is the
      // last.
      let outputIsRead = layer <= deepestOutput || layer < last
      let found =
        outputIsRead
        ? blocks[layer].run(&work, taps: taps, workers: workers)
        : blocks[layer].take(&work, taps: taps, workers: workers)
      if request.taps[layer] != nil { encoding.taps[layer] = found }
      if request.keyLayers.contains(layer) { encoding.keys[layer] = matrix(work.keys) }
      if request.hiddenLayers.contains(layer) { encoding.hidden[layer] = matrix(work.hidden) }
    }
    return encoding
  }

  /// The input of block 0: [tokens, width].
  private func embed(_ pixels: [Float], workers: Workers) -> AlignedBuffer {
    let side = configuration.imageSize
    let size = configuration.tokens * configuration.width
    var embedded = AlignedBuffer(count: size, from: workers.workspaces)
    embedded.replace(from: 0, with: prefix.values)
    embedded.withMutableSpan(prefix.count..<size) {
      patchEmbedding.apply(pixels, height: side, width: side, into: &$0, workers: workers)
    }
    embedded.withMutableElements { embedded in
      positions.withUnsafeElements { positions in
        for index in embedded.indices { embedded[index] += positions[index] }
      }
    }
    guard let inputNorm else { return embedded }
    var normed = AlignedBuffer(count: size, from: workers.workspaces)
    inputNorm.apply(embedded, rows: configuration.tokens, into: &normed, workers: workers)
    return normed
  }

  private func matrix(_ buffer: borrowing AlignedBuffer) -> Matrix {
    Matrix(rows: configuration.tokens, columns: configuration.width, values: buffer.values(0..<buffer.count))
  }
}
