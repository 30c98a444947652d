import Basics
import Kernels
import Language
import TestSupport
import Testing

@testable import VLM

/// A model, in a number format, multiplied by some code.
struct StepCase: Sendable, CustomTestStringConvertible {
  let model: String
  let precision: Precision
  let backEnd: BackEnd
  var testDescription: String { "\(model), \(precision.rawValue), \(backEnd.rawValue)" }

  static let all: [StepCase] = ["tiny-grouped", "tiny-qwen3-vl-a", "shapes-llava"].flatMap { model in
    [Precision.f32, .bf16, .int8].flatMap { precision in
      BackEnd.allCases.map { StepCase(model: model, precision: precision, backEnd: $0) }
    }
  }

  func decoder() throws -> Decoder {
    try TestModel.load(model, compute: ComputeOptions(precision: precision, backEnd: backEnd)).decoder
  }
}

@Suite struct `A step of several answers` {
  private let workers = Workers(count: 2)

  /// Rows of a prompt that nobody wrote.
  private func embeddings(_ count: Int, of decoder: Decoder, seed: UInt64) -> Matrix {
    var random = SeededGenerator(seed: seed, digest: 0)
    return decoder.embed((0..<count).map { _ in Int(random.next() % UInt64(decoder.configuration.vocabulary)) })
  }

  private func bits(_ logits: [Float]) -> [UInt32] { logits.map(\.bitPattern) }

  /// Sequences of different lengths; every third one holds fewer positions in its later blocks, as after a method that
  /// drops rows inside the decoder.
  private func sequence(_ number: Int, of decoder: Decoder) -> (cache: SequenceCache, shifts: [Int]?, next: Int) {
    let length = 3 + number * 17 % 70
    var cache = decoder.makeCache(capacity: 4)
    _ = decoder.run(
      embeddings(length, of: decoder, seed: UInt64(number)), positions: (0..<length).map { Position($0) },
      cache: &cache, workers: workers)
    guard number % 3 == 2 else { return (SequenceCache(cache), nil, length) }
    for layer in 1..<decoder.configuration.depth { cache.truncate(layer: layer, to: length - 2) }
    return (SequenceCache(cache), [0] + [Int](repeating: 2, count: decoder.configuration.depth - 1), length)
  }

  @Test(arguments: StepCase.all)
  func `gives each the very logits that it has alone`(_ example: StepCase) throws {
    let decoder = try example.decoder()
    for count in [1, 2, 7, 13] {
      let batch = (0..<count).map { sequence($0, of: decoder) }
      let alone = (0..<count).map { sequence($0, of: decoder) }
      for step in 0..<3 {
        let tokens = (0..<count).map { (5 + $0 * 3 + step) % decoder.configuration.vocabulary }
        let logits = decoder.step(
          zip(batch, tokens).map {
            DecoderStep(token: $1, position: Position($0.next + step), shifts: $0.shifts, memory: $0.cache)
          }, workers: workers)
        for (number, (sequence, token)) in zip(alone, tokens).enumerated() {
          let own = decoder.run(
            decoder.embed([token]), positions: [Position(sequence.next + step)], shifts: sequence.shifts,
            cache: &sequence.cache.cache, workers: workers)
          #expect(bits(logits[number]) == bits(own), "\(number) of \(count), step \(step)")
          #expect(batch[number].cache.cache.counts == sequence.cache.cache.counts)
        }
      }
    }
  }

  // OpenBLAS's order of sums depends on how many rows there are: with it, the last bits differ.
  @Test(arguments: StepCase.all.filter { $0.backEnd != .openblas })
  func `follows a prompt whose numbers do not depend on how it was cut`(_ example: StepCase) throws {
    let decoder = try example.decoder()
    let count = 150
    let whole = embeddings(count, of: decoder, seed: 9)
    let positions = (0..<count).map { Position($0) }
    func logits(_ cuts: [Int]) -> [Float] {
      var cache = decoder.makeCache(capacity: 4)
      var start = 0
      for end in cuts {
        decoder.fill(
          whole.rows(start..<end), positions: Array(positions[start..<end]), cache: &cache, workers: workers)
        start = end
      }
      return decoder.run(
        whole.rows(start..<count), positions: Array(positions[start...]), isPrompt: true, cache: &cache,
        workers: workers)
    }
    let expected = logits([])
    for cuts in [[64], [64, 128], [149], [137], [3, 70]] {
      #expect(bits(logits(cuts)) == bits(expected), "\(cuts)")
    }
  }
}
