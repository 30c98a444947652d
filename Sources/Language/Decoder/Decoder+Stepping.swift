import Kernels

/// One sequence that takes a step: its next token, and what the decoder holds of it.
public struct DecoderStep {
  public let token: Int
  public let position: Position
  /// Of a prompt that was reduced, as `Decoder.run`; nil: every block has the same positions.
  public let shifts: [Int]?
  public let memory: SequenceCache

  public init(token: Int, position: Position, shifts: [Int]? = nil, memory: SequenceCache) {
    self.token = token
    self.position = position
    self.shifts = shifts
    self.memory = memory
  }
}

extension Decoder {
  /// Runs one new token of each of several sequences. Weights are read once for all of them, which is what a token
  /// costs; each sequence has the logits that `run` gives it alone, in every bit.
  /// - Parameter steps: of different sequences, at least one.
  /// - Returns: logits [vocabulary] of each.
  public func step(_ steps: [DecoderStep], workers: Workers) -> [[Float]] {
    precondition(
      Set(steps.map { ObjectIdentifier($0.memory) }).count == steps.count, "a sequence takes one step at a time")
    precondition(steps.allSatisfy { $0.shifts?.count ?? blocks.count == blocks.count }, "one shift a block")
    let caches = steps.map(\.memory)
    for sequence in caches { sequence.cache.reserve(1) }
    var work = DecoderWorkspace(
      configuration, hidden: embed(steps.map(\.token)).values, from: workers.workspaces)
    var shifts = [Int](repeating: 0, count: steps.count)
    var rotation = rotary.table(positions: steps.map(\.position))
    for (layer, block) in blocks.enumerated() {
      let own = steps.map { $0.shifts?[layer] ?? 0 }
      if own != shifts {
        shifts = own
        rotation = rotary.table(positions: zip(steps, own).map { $0.position.advanced(by: -$1) })
      }
      block.step(&work, layer: layer, rotation: rotation, caches: caches, workers: workers)
      for sequence in caches { sequence.cache.advance(layer: layer, by: 1) }
    }
    return logits(of: &work, workers: workers)
  }

  private func logits(of work: inout DecoderWorkspace, workers: Workers) -> [[Float]] {
    let (rows, vocabulary) = (work.rows, configuration.vocabulary)
    outputNorm.apply(work.hidden, rows: rows, into: &work.normed, workers: workers)
    var logits = AlignedBuffer(count: rows * vocabulary, from: workers.workspaces)
    head.apply(work.normed, rows: rows, into: &logits, grouping: .eachAlone, workers: workers)
    return (0..<rows).map { logits.values($0 * vocabulary..<($0 + 1) * vocabulary) }
  }
}
