/// The section `normalizer`: changes of the text before it is split.
struct Normalizer: Sendable {
  private enum Step {
    /// Puts a text before one that is not empty.
    case prepend([UInt8])
    case replace([UInt8], with: [UInt8])
    /// The regular expression `\s+`.
    case replaceSpace(with: [UInt8])
    case compose
    case lowercase
    case strip(left: Bool, right: Bool)
  }

  private var steps: [Step] = []

  /// Reads the section; nil is no normalizer.
  init(_ section: TokenizerSection?) throws(TokenizerError) {
    if let section { try read(section) }
  }

  private mutating func read(_ section: TokenizerSection) throws(TokenizerError) {
    switch try section.type {
    case "Sequence": for part in try section.parts("normalizers") { try read(part) }
    case "Prepend": steps.append(.prepend(try section.utf8("prepend")))
    case "Replace": steps.append(try Self.replacement(section))
    case "NFC": steps.append(.compose)
    case "Lowercase": steps.append(.lowercase)
    case "Strip":
      steps.append(try .strip(left: section.boolean("strip_left"), right: section.boolean("strip_right")))
    case let type: throw section.unsupported(type)
    }
  }

  private static func replacement(_ section: TokenizerSection) throws(TokenizerError) -> Step {
    let content = try section.utf8("content")
    if let literal = try section.literalPattern() { return .replace(literal, with: content) }
    let expression = try section.expression()
    guard expression == #"\s+"# else { throw section.unsupported("the pattern \(expression)") }
    return .replaceSpace(with: content)
  }

  /// The normalised form of a text. Text is valid UTF-8 before and after.
  func normalize(_ text: [UInt8]) -> [UInt8] {
    var text = text
    for step in steps {
      switch step {
      case .prepend(let prefix): if !text.isEmpty { text.insert(contentsOf: prefix, at: 0) }
      case .replace(let pattern, let content): text = text.replacing(pattern, with: content)
      case .replaceSpace(let content): text = Self.replaceSpace(in: text, with: content)
      case .compose: text = CanonicalComposition.compose(text)
      case .lowercase: text = Self.lowercase(text)
      case .strip(let left, let right): text = Self.strip(text, left: left, right: right)
      }
    }
    return text
  }

  private static func replaceSpace(in text: [UInt8], with content: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(text.count)
    var position = 0
    var isInSpace = false
    while position < text.count {
      let end = position + UTF8Text.length(from: text[position])
      let isSpace = UTF8Text.scalar(in: text, at: position).properties.isWhitespace
      if isSpace, !isInSpace { result += content }
      if !isSpace { result += text[position..<end] }
      isInSpace = isSpace
      position = end
    }
    return result
  }

  /// Scalar by scalar: the reference ignores context (final sigma) as well.
  private static func lowercase(_ text: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(text.count)
    var position = 0
    while position < text.count {
      let scalar = UTF8Text.scalar(in: text, at: position)
      if scalar.isASCII {
        result.append((0x41...0x5A).contains(text[position]) ? text[position] + 0x20 : text[position])
      } else {
        result += scalar.properties.lowercaseMapping.utf8
      }
      position += UTF8Text.length(from: text[position])
    }
    return result
  }

  private static func strip(_ text: [UInt8], left: Bool, right: Bool) -> [UInt8] {
    var (start, end) = (0, text.count)
    while left, start < end, UTF8Text.scalar(in: text, at: start).properties.isWhitespace {
      start += UTF8Text.length(from: text[start])
    }
    while right, end > start {
      let last = UTF8Text.start(in: text, before: end)
      guard UTF8Text.scalar(in: text, at: last).properties.isWhitespace else { break }
      end = last
    }
    return Array(text[start..<end])
  }
}

extension [UInt8] {
  /// This text with every occurrence of a pattern replaced, from left to right.
  func replacing(_ pattern: [UInt8], with content: [UInt8]) -> [UInt8] {
    guard let first = pattern.first else { return self }
    var result: [UInt8] = []
    result.reserveCapacity(count)
    var position = 0
    while position < count {
      if self[position] == first, self[position...].starts(with: pattern) {
        result += content
        position += pattern.count
      } else {
        result.append(self[position])
        position += 1
      }
    }
    return result
  }
}
