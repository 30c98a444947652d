/// One option of a strategy, declared once: parsing, listings and the documentation all read the declaration.
public struct StrategyOption<Value: Sendable>: Sendable {
  /// What people read about it.
  public let description: OptionDescription
  /// The value when the option is not given; nil where the tower or the budget decides.
  public let standard: Value?
  let parse: @Sendable (String) -> Value?

  public var name: String { description.name }
}

/// What people read about an option.
public struct OptionDescription: Sendable, Hashable, Encodable {
  public let name: String
  /// "number", "number or auto", "integer", "integer or auto", "block", "blocks", "flag" or "choice".
  public let type: String
  /// The values that it takes, in words: "from 0 to 1", "released or grid".
  public let range: String
  /// The value when it is not given, or what decides.
  public let standard: String
  /// One line: what it does.
  public let summary: String
  /// The value that reproduces what the authors' code does where that differs from their paper.
  public let released: String?
  /// The value that does what the paper says there.
  public let corrected: String?

  private enum CodingKeys: String, CodingKey {
    case name, type, range, summary, released, corrected
    case standard = "default"
  }
}

extension StrategyOption where Value == Double {
  /// A finite decimal number in `range`.
  public static func number(
    _ name: String, default standard: Double, in range: ClosedRange<Double>, _ summary: String
  ) -> StrategyOption {
    StrategyOption(
      description: OptionDescription(
        name: name, type: "number", range: "from \(spelled(range.lowerBound)) to \(spelled(range.upperBound))",
        standard: spelled(standard), summary: summary, released: nil, corrected: nil),
      standard: standard,
      parse: { text in
        guard text.allSatisfy({ "0123456789.-+eE".contains($0) }), let value = Double(text), range.contains(value)
        else { return nil }
        return value
      })
  }
}

extension StrategyOption where Value == Double? {
  /// A finite decimal number in `range`; nil for "auto", the default.
  /// - Parameter decides: what "auto" means.
  public static func automatic(
    _ name: String, in range: ClosedRange<Double>, _ summary: String, decides: String
  ) -> StrategyOption {
    let number = StrategyOption<Double>.number(name, default: range.lowerBound, in: range, summary)
    return StrategyOption(
      description: OptionDescription(
        name: name, type: "number or auto", range: "auto, or a number \(number.description.range)", standard: decides,
        summary: summary, released: nil, corrected: nil),
      standard: .some(nil),
      parse: { text in text == "auto" ? .some(nil) : number.parse(text).map { .some($0) } })
  }
}

extension StrategyOption where Value == Int {
  /// A whole number in `range`.
  /// - Parameter decides: what decides where there is no default.
  public static func integer(
    _ name: String, default standard: Int?, in range: ClosedRange<Int>, _ summary: String, decides: String = ""
  ) -> StrategyOption {
    StrategyOption(
      description: OptionDescription(
        name: name, type: "integer", range: "from \(range.lowerBound) to \(range.upperBound)",
        standard: standard.map { "\($0)" } ?? decides, summary: summary, released: nil, corrected: nil),
      standard: standard,
      parse: { text in Int(text).flatMap { range.contains($0) && "\($0)" == text ? $0 : nil } })
  }

  /// The number of a block, negative ones counting from the end.
  /// - Parameter decides: what decides where there is no default.
  public static func block(
    _ name: String, default standard: Int? = nil, _ summary: String, decides: String = ""
  ) -> StrategyOption {
    StrategyOption(
      description: OptionDescription(
        name: name, type: "block", range: "a block from 0, or from -1 counting from the end",
        standard: standard.map { "\($0)" } ?? decides, summary: summary, released: nil, corrected: nil),
      standard: standard, parse: { text in text.hasPrefix("+") ? nil : Int(text) })
  }
}

extension StrategyOption where Value == Int? {
  /// A whole number in `range`; nil for "auto", the default.
  /// - Parameter decides: what "auto" means.
  public static func count(
    _ name: String, in range: ClosedRange<Int>, _ summary: String, decides: String
  ) -> StrategyOption {
    let number = StrategyOption<Int>.integer(name, default: range.lowerBound, in: range, summary)
    return StrategyOption(
      description: OptionDescription(
        name: name, type: "integer or auto", range: "auto, or a whole number \(number.description.range)",
        standard: decides, summary: summary, released: nil, corrected: nil),
      standard: .some(nil),
      parse: { text in text == "auto" ? .some(nil) : number.parse(text).map { .some($0) } })
  }
}

extension StrategyOption where Value == [Int]? {
  /// Rising block numbers, "8/16/24"; nil for "auto", the default.
  /// - Parameters:
  ///   - least: the smallest number.
  ///   - count: how many there must be; nil: any.
  ///   - decides: what "auto" means.
  public static func blocks(
    _ name: String, from least: Int, count: Int? = nil, _ summary: String, decides: String
  ) -> StrategyOption {
    StrategyOption(
      description: OptionDescription(
        name: name, type: "blocks",
        range: "auto, or \(count.map { "\($0) " } ?? "")rising block numbers from \(least), such as 8/16/24",
        standard: decides, summary: summary, released: nil, corrected: nil),
      standard: .some(nil),
      parse: { text in
        if text == "auto" { return .some(nil) }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        let numbers = parts.compactMap { $0.utf8.allSatisfy(digits.contains) ? Int($0) : nil }
        guard numbers.count == parts.count, count == nil || numbers.count == count, (numbers.first ?? -1) >= least,
          zip(numbers, numbers.dropFirst()).allSatisfy(<)
        else { return nil }
        return .some(numbers)
      })
  }
}

extension StrategyOption where Value == Bool {
  /// true or false.
  /// - Parameter decides: what decides where there is no default.
  public static func flag(
    _ name: String, default standard: Bool?, _ summary: String, decides: String = ""
  ) -> StrategyOption {
    StrategyOption(
      description: OptionDescription(
        name: name, type: "flag", range: "true or false", standard: standard.map { "\($0)" } ?? decides,
        summary: summary, released: nil, corrected: nil),
      // Python's spelling too: specs are often written by its scripts.
      standard: standard, parse: { ["true": true, "True": true, "false": false, "False": false][$0] })
  }
}

extension StrategyOption where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
  /// One of a few words.
  /// - Parameters:
  ///   - decides: what decides where there is no default.
  ///   - released: the word that reproduces the authors' code where that differs from their paper.
  ///   - corrected: the word that does what the paper says there.
  public static func choice(
    _ name: String, default standard: Value?, _ summary: String, decides: String = "", released: Value? = nil,
    corrected: Value? = nil
  ) -> StrategyOption {
    StrategyOption(
      description: OptionDescription(
        name: name, type: "choice", range: Value.allCases.map(\.rawValue).joined(separator: " or "),
        standard: standard?.rawValue ?? decides, summary: summary, released: released?.rawValue,
        corrected: corrected?.rawValue),
      standard: standard, parse: { Value(rawValue: $0) })
  }
}

/// A number as a spec writes it: without a fraction where there is none.
public func spelled(_ number: Double) -> String {
  number == number.rounded() && abs(number) < 1e15 ? "\(Int(number))" : "\(number)"
}
