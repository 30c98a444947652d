import Basics
import Kernels

extension Decoder {
  /// Runs new positions after those in the cache.
  /// - Parameters:
  ///   - embeddings: [rows, width], at least one row.
  ///   - positions: the rotary position of each row.
  ///   - additions: rows that are added after the first blocks.
  ///   - shifts: of a prompt that was reduced (`ReducedPrefill`); nil: every block has the same positions.
  ///   - isPrompt: whether the rows end a prompt that may have been cut: where products of this CPU allow it, they
  ///     have the numbers that they would have in a run of the whole prompt.
  ///   - sink: takes each block's output as the next block reads it, `decoder.block.NN` [rows, width].
  /// - Returns: logits [vocabulary] of the last row.
  public func run(
    _ embeddings: Matrix, positions: [Position], additions: LayerAdditions? = nil, shifts: [Int]? = nil,
    isPrompt: Bool = false, cache: inout KeyValueCache, workers: Workers, sink: (any TensorSink)? = nil
  ) -> [Float] {
    var pass = DecoderPass(
      self, positions: positions, additions: additions, shifts: shifts, isPrompt: isPrompt, workers: workers)
    var reduction = NoReduction()
    return logits(
      ofLastRowIn: pass.run(embeddings, reducing: &reduction, cache: &cache, sink: sink), workers: workers)
  }

  /// Runs new positions whose logits are not needed: part of a longer prompt.
  public func fill(
    _ embeddings: Matrix, positions: [Position], additions: LayerAdditions? = nil, cache: inout KeyValueCache,
    workers: Workers
  ) {
    var pass = DecoderPass(self, positions: positions, additions: additions, isPrompt: true, workers: workers)
    var reduction = NoReduction()
    _ = pass.run(embeddings, reducing: &reduction, cache: &cache, sink: nil)
  }

  /// Runs a whole prompt, of which rows are dropped on the way. Each block's keys and values are those of the rows that
  /// it ran on, so the cache's counts fall from block to block.
  /// - Parameters:
  ///   - embeddings, positions, additions, sink: as `run`; a block's output has the rows that the block ran on.
  ///   - cache: empty.
  /// - Throws: what the reduction throws; the cache is empty then.
  public func prefill<Reduction: RowReduction>(
    _ embeddings: Matrix, positions: [Position], additions: LayerAdditions? = nil,
    reducing reduction: inout Reduction, cache: inout KeyValueCache, workers: Workers,
    sink: (any TensorSink)? = nil
  ) throws(Reduction.Failure) -> ReducedPrefill {
    precondition(cache.counts.allSatisfy { $0 == 0 }, "a reduction sees the whole prompt")
    var pass = DecoderPass(self, positions: positions, additions: additions, isPrompt: true, workers: workers)
    do {
      let logits = logits(
        ofLastRowIn: try pass.run(embeddings, reducing: &reduction, cache: &cache, sink: sink), workers: workers)
      let places = pass.lastPositions
      return ReducedPrefill(logits: logits, shifts: places.map { places[0] - $0 })
    } catch {
      cache.truncate(to: 0)
      throw error
    }
  }

  private func logits(ofLastRowIn work: borrowing DecoderWorkspace, workers: Workers) -> [Float] {
    let last = work.hiddenRows(last: 1)
    var normed = last
    outputNorm.apply(last, rows: 1, into: &normed, workers: workers)
    var logits = [Float](repeating: 0, count: configuration.vocabulary)
    head.apply(normed, rows: 1, into: &logits, workers: workers)
    return logits
  }
}
