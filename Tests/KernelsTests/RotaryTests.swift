import Foundation
import Kernels
import TestSupport
import Testing

@Suite struct `Rotary positions agree with their formulas in double` {
  struct Case: CustomTestStringConvertible {
    let name: String
    let theta: Double
    let scaling: RotaryScaling
    var testDescription: String { name }

    static let all = [
      Case(name: "plain", theta: 10_000, scaling: .none),
      Case(name: "another base", theta: 500_000, scaling: .none),
      Case(name: "linear", theta: 5000, scaling: .linear(factor: 2.5)),
      Case(
        name: "LLaMA-3", theta: 500_000,
        scaling: .llama3(factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContext: 8192)),
      Case(
        name: "LLaMA-3, a short context", theta: 10_000,
        scaling: .llama3(factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContext: 64)),
    ]

    /// The angle a position of channel pair `pair`, of `half`.
    func frequency(_ pair: Int, half: Int) -> Double {
      let plain = pow(theta, -Double(pair) / Double(half))
      switch scaling {
      case .none: return plain
      case .linear(let factor): return plain / factor
      case .llama3(let factor, let low, let high, let context):
        let turns = context * plain / (2 * .pi)
        if turns < low { return plain / factor }
        if turns > high { return plain }
        let share = (turns - low) / (high - low)
        return plain * (share + (1 - share) / factor)
      }
    }
  }

  static let positions = [0, 1, 2, 17, 64, 575, 4000]

  @Test(arguments: Case.all, [2, 8, 16, 128])
  func `cosines and sines`(_ rotary: Case, headWidth: Int) {
    let table = Rotary(headWidth: headWidth, theta: rotary.theta, scaling: rotary.scaling)
      .table(positions: Self.positions.map { Position($0) })
    for (row, position) in Self.positions.enumerated() {
      // A float32 angle of p has an error of p · 2⁻²³ in its product and frequency.
      let tolerance = max(Double(position) * 3e-7, 1e-6)
      for pair in 0..<headWidth / 2 {
        let angle = Double(position) * rotary.frequency(pair, half: headWidth / 2)
        #expect(abs(Double(table.cosines[row, pair]) - cos(angle)) <= tolerance, "cosine \(pair) at \(position)")
        #expect(abs(Double(table.sines[row, pair]) - sin(angle)) <= tolerance, "sine \(pair) at \(position)")
      }
    }
  }

  @Test(arguments: [1, 2, 5], [1, 2])
  func `channel i turns with channel i + half, in every head`(heads: Int, workers: Int) {
    let headWidth = 6
    let half = headWidth / 2
    let positions = Array(0..<40)
    let table = Rotary(headWidth: headWidth, theta: 100).table(positions: positions.map { Position($0) })
    var numbers = TestNumbers(seed: UInt64(heads))
    let before = Matrix(
      rows: positions.count, columns: heads * headWidth, values: numbers.floats(positions.count * heads * headWidth))
    var rows = before.values
    table.rotate(&rows, heads: heads, workers: Workers(count: workers))
    var expected = before
    for position in positions {
      for head in 0..<heads {
        for pair in 0..<half {
          let angle = Double(position) * pow(100, -Double(pair) / Double(half))
          let first = Double(before[position, head * headWidth + pair])
          let second = Double(before[position, head * headWidth + pair + half])
          expected[position, head * headWidth + pair] = Float(first * cos(angle) - second * sin(angle))
          expected[position, head * headWidth + pair + half] = Float(second * cos(angle) + first * sin(angle))
        }
      }
    }
    expectClose(
      actual: rows, expected: expected.values, tolerance: 2e-5, label: "rotated",
      shape: [positions.count, heads * headWidth])
  }

  @Test func `a suffix has the angles of the last positions`() {
    let rotary = Rotary(headWidth: 4, theta: 100)
    let all = rotary.table(positions: [3, 9, 27, 81].map { Position($0) })
    let last = all.suffix(2)
    let alone = rotary.table(positions: [27, 81].map { Position($0) })
    #expect(last.cosines == alone.cosines && last.sines == alone.sines)
    #expect(all.suffix(4).cosines == all.cosines)
  }

  @Test func `position 0 changes nothing, and no position needs none`() {
    let rotary = Rotary(headWidth: 4, theta: 10_000)
    var row: [Float] = [1, 2, 3, 4]
    rotary.table(positions: [Position(0)]).rotate(&row, heads: 1, workers: Workers(count: 1))
    #expect(row == [1, 2, 3, 4])
    var nothing: [Float] = []
    rotary.table(positions: []).rotate(&nothing, heads: 1, workers: Workers(count: 2))
    #expect(nothing.isEmpty)
  }

  @Test func `a position of one number has it in every dimension`() {
    #expect(Position(7) == Position(temporal: 7, height: 7, width: 7))
    #expect(Position(7).advanced(by: 3) == Position(10))
    #expect(Position(temporal: 1, height: 2, width: 3).advanced(by: 1) == Position(temporal: 2, height: 3, width: 4))
  }
}
