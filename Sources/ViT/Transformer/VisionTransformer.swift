import Kernels
import Pruning

/// What to take out of one pass through the encoder.
public struct EncodingRequest: Sendable {
  /// Outputs of these 0-based blocks; −1 stands for the input of block 0.
  public var hiddenLayers: Set<Int> = []
  /// Taps by 0-based block.
  public var taps: [Int: Set<AttentionTap>] = [:]
  /// Keys by 0-based block.
  public var keyLayers: Set<Int> = []
  /// What becomes fewer on the way; nil: every row stays.
  public var reduction: ViewReduction?

  public init() {}

  /// The last block that has to run, its attention at least; −1 when none has to.
  var lastLayer: Int {
    let reducing = reduction.map { $0.schedule.count - 1 } ?? -1
    return max(hiddenLayers.max() ?? -1, taps.keys.max() ?? -1, keyLayers.max() ?? -1, reducing)
  }

  /// The deepest block whose output is read, by a later one or by the caller.
  var deepestOutput: Int { max(hiddenLayers.max() ?? -1, lastLayer - 1, reduction.map { $0.schedule.count - 1 } ?? -1) }
}

/// The result for one view. Sequences include the prefix tokens, and have the rows that each block ran on.
public struct Encoding: Sendable {
  /// [tokens, width] by 0-based block; −1 for the input of block 0.
  public var hidden: [Int: Matrix] = [:]
  public var taps: [Int: [AttentionTap: TapValue]] = [:]
  /// [tokens, heads · headWidth].
  public var keys: [Int: Matrix] = [:]
  /// What became of the patches; nil where every row stayed.
  public var trace: TokenTrace?
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

  /// Encodes one view. Where `workers` have stopped, what later blocks would give is missing.
  /// - Parameter pixels: [3, imageSize, imageSize], normalised.
  public func encode(_ pixels: [Float], request: EncodingRequest, workers: Workers) -> Encoding {
    var encoding = Encoding()
    let embedded = embed(pixels, workers: workers)
    if request.hiddenLayers.contains(-1) { encoding.hidden[-1] = matrix(embedded, rows: configuration.tokens) }
    let last = request.lastLayer
    precondition(last < blocks.count, "a request names blocks that exist")
    var trace = request.reduction.map { _ in
      TokenTrace(patches: configuration.grid.count, prefix: configuration.prefixTokens)
    }
    guard last >= 0 else { return encoding }
    var work = EncoderWorkspace(
      hidden: embedded, tokens: configuration.tokens, feedForwardWidth: configuration.feedForwardWidth,
      from: workers.workspaces)
    for layer in 0...last {
      if workers.haveStopped { return encoding }
      // Even past the deepest output that is read, the maps of later blocks need this block's output, unless it is the
      // last.
      let outputIsRead = layer <= request.deepestOutput
      let rows = work.tokens
      let found = run(layer, &work, request, &trace, outputIsRead: outputIsRead, workers: workers)
      if let taps = request.taps[layer] { encoding.taps[layer] = found.filter { taps.contains($0.key) } }
      if request.keyLayers.contains(layer) { encoding.keys[layer] = matrix(work.keys, rows: rows) }
      if request.hiddenLayers.contains(layer) { encoding.hidden[layer] = matrix(work.hidden, rows: work.tokens) }
    }
    encoding.trace = trace
    return encoding
  }

  /// One block, or its maps alone where its output is not read. Rows are reduced between attention and MLP.
  private func run(
    _ layer: Int, _ work: inout EncoderWorkspace, _ request: EncodingRequest, _ trace: inout TokenTrace?,
    outputIsRead: Bool, workers: Workers
  ) -> [AttentionTap: TapValue] {
    let reduction = request.reduction
    let offsets = reduction?.method.isProportional == true ? trace?.logSizes : nil
    var taps = request.taps[layer] ?? []
    guard outputIsRead else { return blocks[layer].take(&work, offsets: offsets, taps: taps, workers: workers) }
    guard let reduction, let count = reduction.rows(leaving: layer, of: work.tokens - configuration.prefixTokens)
    else {
      let found = blocks[layer].attend(&work, offsets: offsets, taps: taps, workers: workers)
      blocks[layer].feedForward(&work, workers: workers)
      return found
    }
    if reduction.method.measure == .classAttention { taps.insert(.classRow(.softmax)) }
    let found = blocks[layer].attend(&work, offsets: offsets, taps: taps, workers: workers)
    let scene = TowerScene(
      prefix: configuration.prefixTokens, sizes: trace?.sizes ?? [],
      measured: measured(reduction.method.measure, work.keys, found, rows: work.tokens, workers: workers),
      workers: workers)
    let map = reduction.method.reduce(to: count, scene)
    precondition(map.rows == count + configuration.prefixTokens, "a reduction leaves the rows that it was asked for")
    work.reduce(by: map, width: configuration.width, workers: workers)
    trace?.take(map, of: layer)
    blocks[layer].feedForward(&work, workers: workers)
    return found
  }

  private func measured(
    _ measure: TowerMeasure, _ keys: borrowing AlignedBuffer, _ found: [AttentionTap: TapValue], rows: Int,
    workers: Workers
  ) -> DoubleMatrix {
    switch measure {
    case .keys:
      return keys.withElements {
        HeadMeans.of(
          $0, tokens: rows, heads: configuration.heads, headWidth: configuration.headWidth, workers: workers)
      }
    case .classAttention:
      guard case .rows(let attention)? = found[.classRow(.softmax)] else {
        preconditionFailure("the class token's attention was taken")
      }
      return DoubleMatrix(rows: 1, columns: rows, values: attention.columnMeans())
    }
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

  private func matrix(_ buffer: borrowing AlignedBuffer, rows: Int) -> Matrix {
    Matrix(rows: rows, columns: configuration.width, values: buffer.values(0..<rows * configuration.width))
  }
}
