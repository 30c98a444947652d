import Basics
import Checkpoint
import Kernels

/// A language decoder of the LLaMA kind: RMSNorm, rotary positions, grouped-query attention, gated feed-forward.
public struct Decoder: Sendable {
  public let configuration: DecoderConfiguration
  /// [vocabulary, width].
  private let embedding: StoredMatrix
  private let blocks: [DecoderBlock]
  private let outputNorm: RMSNorm
  private let head: Linear
  private let rotary: Rotary

  /// Reads the decoder's weights.
  /// - Parameters:
  ///   - scope: where `embed_tokens`, `layers` and `norm` are.
  ///   - headScope: where `lm_head` is. If embeddings are tied, the file may still hold a separate head: that one
  ///     counts, as in transformers 5, unless it is a copy of the embeddings.
  public init(
    _ configuration: DecoderConfiguration, from scope: WeightScope, headScope: WeightScope
  ) throws(CheckpointError) {
    let width = configuration.width
    self.configuration = configuration
    embedding = try scope.scope("embed_tokens").matrix("weight", rows: configuration.vocabulary, columns: width)
    var blocks: [DecoderBlock] = []
    for layer in 0..<configuration.depth {
      blocks.append(try DecoderBlock(configuration, from: scope.scope("layers", layer)))
    }
    self.blocks = blocks
    outputNorm = try scope.rmsNorm("norm", width: width, epsilon: configuration.normEpsilon)
    head =
      try Self.ties(embedding, configuration, headScope)
      ? try scope.of(.head).linear("embed_tokens", inputs: width, outputs: configuration.vocabulary, bias: false)
      : try headScope.of(.head).linear("lm_head", inputs: width, outputs: configuration.vocabulary, bias: false)
    rotary = Rotary(
      headWidth: configuration.headWidth, theta: configuration.rotaryTheta, scaling: configuration.rotaryScaling)
  }

  private static func ties(
    _ embedding: StoredMatrix, _ configuration: DecoderConfiguration, _ headScope: WeightScope
  ) throws(CheckpointError) -> Bool {
    guard configuration.tiesEmbeddings, headScope.contains("lm_head.weight") else {
      return configuration.tiesEmbeddings
    }
    let own = try headScope.scope("lm_head").matrix(
      "weight", rows: configuration.vocabulary, columns: configuration.width)
    return own.isEqual(to: embedding)
  }

  /// Room for `capacity` positions in every block.
  public func makeCache(capacity: Int) -> KeyValueCache {
    KeyValueCache(
      layers: configuration.depth, heads: configuration.keyValueHeads, headWidth: configuration.headWidth,
      capacity: capacity)
  }

  /// Embeddings of `tokens`, each of which is inside the vocabulary: [tokens, width].
  public func embed(_ tokens: [Int]) -> Matrix {
    let width = configuration.width
    var embeddings = Matrix(rows: tokens.count, columns: width)
    embeddings.values.withUnsafeMutableBufferPointer { values in
      guard let base = values.baseAddress else { return }
      for (row, token) in tokens.enumerated() {
        precondition((0..<configuration.vocabulary).contains(token), "a token is inside the vocabulary")
        embedding.widen(token..<token + 1, into: base + row * width)
      }
    }
    return embeddings
  }

  /// Runs new positions after those in the cache.
  /// - Parameters:
  ///   - embeddings: [rows, width], at least one row.
  ///   - positions: the rotary position of each row.
  ///   - sink: takes each block's output, `decoder.block.NN` [rows, width].
  /// - Returns: logits [vocabulary] of the last row.
  public func run(
    _ embeddings: Matrix, positions: [Position], cache: inout KeyValueCache, workers: Workers,
    sink: (any TensorSink)? = nil
  ) -> [Float] {
    let work = fill(embeddings, positions: positions, cache: &cache, workers: workers, sink: sink)
    return logits(ofLastRowIn: work, workers)
  }

  /// Runs new positions whose logits are not needed: part of a longer prompt.
  public func fill(_ embeddings: Matrix, positions: [Position], cache: inout KeyValueCache, workers: Workers) {
    _ = fill(embeddings, positions: positions, cache: &cache, workers: workers, sink: nil)
  }

  /// - Returns: the workspace after the last block, with the last row's output.
  private func fill(
    _ embeddings: Matrix, positions: [Position], cache: inout KeyValueCache, workers: Workers, sink: (any TensorSink)?
  ) -> DecoderWorkspace {
    precondition(embeddings.rows > 0 && positions.count == embeddings.rows, "one position a row")
    cache.reserve(embeddings.rows)
    let rotation = rotary.table(positions: positions)
    var work = DecoderWorkspace(configuration, hidden: embeddings.values, from: workers.workspaces)
    for (layer, block) in blocks.enumerated() {
      // Only the last position decides the next token, so the last block computes it alone, and all keys and values.
      let isLast = layer == blocks.count - 1
      if isLast, let sink {
        // All of it for whoever watches, apart, so that watching changes no bit of the logits.
        var watched = DecoderWorkspace(
          configuration, hidden: work.hiddenRows(last: work.rows), from: workers.workspaces)
        block.run(&watched, wanted: work.rows, layer: layer, rotation: rotation, cache: &cache, workers: workers)
        show(watched, layer: layer, to: sink)
      }
      block.run(
        &work, wanted: isLast ? 1 : work.rows, layer: layer, rotation: rotation, cache: &cache, workers: workers)
      cache.advance(layer: layer, by: embeddings.rows)
      if !isLast, let sink { show(work, layer: layer, to: sink) }
    }
    return work
  }

  private func show(_ work: borrowing DecoderWorkspace, layer: Int, to sink: any TensorSink) {
    let rows = work.rows
    sink.take(
      "decoder.block", block: layer, shape: [rows, configuration.width], work.hiddenRows(last: rows))
  }

  private func logits(ofLastRowIn work: borrowing DecoderWorkspace, _ workers: Workers) -> [Float] {
    let last = work.hiddenRows(last: 1)
    var normed = last
    outputNorm.apply(last, rows: 1, into: &normed, workers: workers)
    var logits = [Float](repeating: 0, count: configuration.vocabulary)
    head.apply(normed, rows: 1, into: &logits, workers: workers)
    return logits
  }
}
