/// A strategy's name with its options spelled out: the canonical text that is written into every result.
public struct StrategySpec: Sendable, Hashable, CustomStringConvertible {
  public let name: String
  /// In the order in which they are written.
  public let options: [Option]

  public struct Option: Sendable, Hashable {
    public let name: String
    public let value: String
  }

  public init(name: String, options: KeyValuePairs<String, String>) {
    self.name = name
    self.options = options.map { Option(name: $0.key, value: $0.value) }
  }

  init(name: String, options: [Option]) {
    self.name = name
    self.options = options
  }

  public var description: String {
    let list = options.map { "\($0.name)=\($0.value)" }.joined(separator: ", ")
    return options.isEmpty ? name : "\(name)(\(list))"
  }
}

/// A spec as written, before any strategy has read it: `name` or `name(option=value, …)`.
struct WrittenSpec {
  let name: String
  let options: [(name: String, value: String)]

  init(parsing text: String) throws(PruningError) {
    func malformed(_ reason: String) -> PruningError { .malformedSpec(text, reason: reason) }
    let spec = Self.trimmed(text[...])
    let open = spec.firstIndex(of: "(")
    name = String(Self.trimmed(spec[..<(open ?? spec.endIndex)]))
    guard !name.isEmpty else { throw malformed("it has no name") }
    guard let open else {
      guard !spec.contains(")") else { throw malformed("it closes a parenthesis that it did not open") }
      options = []
      return
    }
    guard spec.last == ")" else { throw malformed("its options do not end with a parenthesis") }
    let list = spec[spec.index(after: open)...].dropLast()
    guard !list.contains("("), !list.contains(")") else { throw malformed("parentheses do not nest") }
    var read: [(name: String, value: String)] = []
    if !Self.trimmed(list).isEmpty {
      for item in list.split(separator: ",", omittingEmptySubsequences: false) {
        let sides = item.split(separator: "=", omittingEmptySubsequences: false).map { String(Self.trimmed($0)) }
        guard sides.count == 2, !sides[0].isEmpty, !sides[1].isEmpty else {
          throw malformed("\"\(Self.trimmed(item))\" is not option=value")
        }
        read.append((sides[0], sides[1]))
      }
    }
    options = read
  }

  static func trimmed(_ text: Substring) -> Substring {
    var text = text.drop { $0 == " " }
    while text.last == " " { text.removeLast() }
    return text
  }
}
