import Foundation
import Pruning

/// How the next token is chosen.
public struct SamplingOptions: Sendable, Hashable {
  /// 0 chooses the likeliest token.
  public var temperature: Double
  /// The smallest set of likeliest tokens whose probabilities reach this is sampled from.
  public var topP: Double

  public init(temperature: Double = 0, topP: Double = 1) {
    precondition(temperature >= 0 && temperature.isFinite && topP > 0 && topP <= 1, "checked by the caller")
    self.temperature = temperature
    self.topP = topP
  }
}

/// Chooses tokens from logits, reproducibly.
public struct Sampler: Sendable {
  private let options: SamplingOptions
  private var random: SeededGenerator

  public init(options: SamplingOptions, seed: UInt64) {
    self.options = options
    random = SeededGenerator(seed: seed, digest: 0)
  }

  /// The next token; ties go to the lower index.
  public mutating func next(_ logits: [Float]) -> Int {
    options.temperature == 0 ? Self.likeliest(logits) : sample(logits)
  }

  static func likeliest(_ logits: [Float]) -> Int {
    var best = 0
    for index in logits.indices where logits[index] > logits[best] { best = index }
    return best
  }

  private mutating func sample(_ logits: [Float]) -> Int {
    let largest = Double(logits[Self.likeliest(logits)])
    let weights = logits.map { exp((Double($0) - largest) / options.temperature) }
    let total = weights.reduce(0, +)
    let order = weights.indices.sorted { (weights[$1], $0) < (weights[$0], $1) }
    var kept: [Int] = []
    var mass = 0.0
    for index in order {
      kept.append(index)
      mass += weights[index]
      if mass >= options.topP * total { break }
    }
    // 53 bits of our own generator: the standard library does not promise that its way of drawing stays the same.
    var left = Double(random.next() >> 11) * 0x1p-53 * mass
    for index in kept {
      left -= weights[index]
      if left < 0 { return index }
    }
    return kept[kept.count - 1]
  }
}
