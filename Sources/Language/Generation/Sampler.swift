import Basics
import Foundation

/// How the next token is chosen.
public struct SamplingOptions: Sendable, Hashable {
  /// 0 chooses the likeliest token.
  public let temperature: Double
  /// The smallest set of likeliest tokens whose probabilities reach this is sampled from.
  public let topP: Double
  /// Logits of tokens that the prompt or the answer holds are divided by it where they are positive, else multiplied,
  /// as transformers does; 1 changes nothing.
  public let repetitionPenalty: Double

  /// Greedy.
  public init() {
    temperature = 0
    topP = 1
    repetitionPenalty = 1
  }

  /// - Throws: `SamplingError`, naming the option that is out of its range.
  public init(
    temperature: Double, topP: Double = 1, repetitionPenalty: Double = 1
  ) throws(SamplingError) {
    guard temperature >= 0, temperature.isFinite else {
      throw SamplingError(option: "temperature", value: temperature, expected: "0 or more")
    }
    guard topP > 0, topP <= 1 else {
      throw SamplingError(option: "top-p", value: topP, expected: "above 0 and at most 1")
    }
    guard repetitionPenalty > 0, repetitionPenalty.isFinite else {
      throw SamplingError(option: "repetition-penalty", value: repetitionPenalty, expected: "above 0")
    }
    self.temperature = temperature
    self.topP = topP
    self.repetitionPenalty = repetitionPenalty
  }
}

/// A sampling option out of its range.
public struct SamplingError: Error, Sendable, Hashable {
  public let option: String
  public let value: Double
  public let expected: String

  public var message: String { "\(option) is \(value), expected \(expected)" }
  public var hint: String { "set \(option) to \(expected), or leave it out" }
}

/// Chooses tokens from logits, reproducibly.
public struct Sampler: Sendable {
  private let options: SamplingOptions
  private var random: SeededGenerator
  /// Tokens of the prompt and the answer so far.
  private var seen: Set<Int>

  /// - Parameter prompt: its tokens, placeholders of pictures included.
  public init(options: SamplingOptions, seed: UInt64, prompt: some Sequence<Int> = []) {
    self.options = options
    seen = options.repetitionPenalty == 1 ? [] : Set(prompt)
    random = SeededGenerator(seed: seed, digest: 0)
  }

  /// The next token; ties go to the lower index.
  public mutating func next(_ logits: [Float]) -> Int {
    let logits = penalised(logits)
    let token = options.temperature == 0 ? Self.likeliest(logits) : sample(logits)
    if options.repetitionPenalty != 1 { seen.insert(token) }
    return token
  }

  private func penalised(_ logits: [Float]) -> [Float] {
    guard options.repetitionPenalty != 1 else { return logits }
    var logits = logits
    let penalty = Float(options.repetitionPenalty)
    for token in seen where logits.indices.contains(token) {
      logits[token] = logits[token] < 0 ? logits[token] * penalty : logits[token] / penalty
    }
    return logits
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
