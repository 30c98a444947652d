import Basics
import Kernels

/// One run of rows through all blocks: what changes on the way beside the activations.
struct DecoderPass {
  private let decoder: Decoder
  private let workers: Workers
  private var positions: [Position]
  private var rotation: RotaryTable
  private var additions: LayerAdditions?
  /// By how much each block's positions are smaller than `positions`; nil: equal in every block.
  private let shifts: [Int]?
  /// Whether the rows are part of a prompt, whose numbers do not depend on how it is cut.
  private let isPrompt: Bool
  /// The temporal position of the last row in each block that has run.
  private(set) var lastPositions: [Int] = []

  init(
    _ decoder: Decoder, positions: [Position], additions: LayerAdditions?, shifts: [Int]? = nil, isPrompt: Bool,
    workers: Workers
  ) {
    precondition((additions?.rows.last ?? 0) < positions.count, "additions belong to rows that are run")
    precondition((shifts?.count ?? decoder.blocks.count) == decoder.blocks.count, "one shift a block")
    self.decoder = decoder
    self.workers = workers
    self.positions = positions
    self.additions = additions
    self.shifts = shifts
    self.isPrompt = isPrompt
    rotation = decoder.rotary.table(positions: positions)
  }

  /// - Returns: the workspace after the last block, with the last row's output.
  mutating func run<Reduction: RowReduction>(
    _ embeddings: Matrix, reducing reduction: inout Reduction, cache: inout KeyValueCache, sink: (any TensorSink)?
  ) throws(Reduction.Failure) -> DecoderWorkspace {
    precondition(embeddings.rows > 0 && positions.count == embeddings.rows, "one position a row")
    cache.reserve(embeddings.rows)
    var work = DecoderWorkspace(decoder.configuration, hidden: embeddings.values, from: workers.workspaces)
    for layer in decoder.blocks.indices {
      if layer > 0, reduction.isReduced(before: layer) {
        try reduce(&work, by: &reduction, before: layer, cache: &cache)
      }
      shiftPositions(in: layer)
      let rows = work.rows
      // Only the last position decides the next token, so the last block computes it alone, and all keys and values.
      let isLast = layer == decoder.blocks.count - 1
      if isLast, let sink {
        // A sink wants all rows. They are computed on a copy, so that a sink changes no bit of the logits.
        var watched = DecoderWorkspace(
          decoder.configuration, hidden: work.hiddenRows(last: rows), from: workers.workspaces)
        runBlock(layer, on: &watched, wanted: rows, cache: &cache)
        show(watched, layer: layer, to: sink)
      }
      runBlock(layer, on: &work, wanted: isLast ? 1 : rows, cache: &cache)
      cache.advance(layer: layer, by: rows)
      lastPositions.append(positions[rows - 1].temporal)
      if !isLast, let sink { show(work, layer: layer, to: sink) }
    }
    return work
  }

  private func runBlock(_ layer: Int, on work: inout DecoderWorkspace, wanted: Int, cache: inout KeyValueCache) {
    let rows = work.rows
    // However a prompt is cut, its last row is alone in the last block.
    let asPrompt = isPrompt && layer < decoder.blocks.count - 1
    decoder.blocks[layer].run(
      &work, wanted: wanted, layer: layer, rotation: rotation, cache: &cache, asPrompt: asPrompt, workers: workers)
    additions?.add(after: layer, to: &work.hidden, from: rows - wanted)
  }

  private mutating func reduce<Reduction: RowReduction>(
    _ work: inout DecoderWorkspace, by reduction: inout Reduction, before layer: Int, cache: inout KeyValueCache
  ) throws(Reduction.Failure) {
    let (before, after, rotation, workers) = (decoder.blocks[layer - 1], decoder.blocks[layer], rotation, workers)
    let (rows, width) = (work.rows, decoder.configuration.width)
    let reduced = try reduction.reduce(before: layer) { queries, source in
      switch source {
      case .blockBefore: before.weights(of: queries, in: work, layer: layer - 1, cache: &cache, workers: workers)
      case .blockAfter: after.weightsAhead(of: queries, in: work, rotation: rotation, workers: workers)
      }
    } rows: {
      Matrix(rows: rows, columns: width, values: work.hiddenRows(last: rows))
    }
    work.reduce(to: reduced.rows)
    additions = additions?.reduced(to: reduced.rows)
    positions = reduced.positions
    self.rotation = decoder.rotary.table(positions: positions)
  }

  /// Tokens after a reduced prompt have other angles from block to block.
  private mutating func shiftPositions(in layer: Int) {
    guard let shifts, shifts[layer] != (layer == 0 ? 0 : shifts[layer - 1]) else { return }
    rotation = decoder.rotary.table(positions: positions.map { $0.advanced(by: -shifts[layer]) })
  }

  private func show(_ work: borrowing DecoderWorkspace, layer: Int, to sink: any TensorSink) {
    let rows = work.rows
    sink.take(
      "decoder.block", block: layer, shape: [rows, decoder.configuration.width], work.hiddenRows(last: rows))
  }
}
