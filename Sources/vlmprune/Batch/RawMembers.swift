/// Where the members of a JSON object stand in its text: an id is echoed as it was written, which no parsed value
/// tells.
struct RawMembers {
  /// Places of keys, without their quotation marks, and of values, in the order of the text.
  private(set) var members: [(key: Range<Int>, value: Range<Int>)] = []
  private let text: [UInt8]
  private var position = 0

  /// - Parameter text: an object, or the beginning of one: what comes after a fault is left out.
  init(of text: [UInt8]) {
    self.text = text
    skipSpace()
    position += 1
    while let key = takeKey(), let value = takeValue() {
      members.append((key, value))
      skipSpace()
      guard current == UInt8(ascii: ",") else { return }
      position += 1
    }
  }

  private var current: UInt8 { position < text.count ? text[position] : 0 }

  private mutating func skipSpace() {
    while [0x20, 0x0A, 0x0D, 0x09].contains(current) { position += 1 }
  }

  private mutating func takeKey() -> Range<Int>? {
    skipSpace()
    guard current == UInt8(ascii: "\"") else { return nil }
    let start = position + 1
    skipString()
    let key = start..<max(start, position - 1)
    skipSpace()
    guard current == UInt8(ascii: ":") else { return nil }
    position += 1
    return key
  }

  private mutating func takeValue() -> Range<Int>? {
    skipSpace()
    let start = position
    var depth = 0
    while position < text.count {
      switch current {
      case UInt8(ascii: "\""):
        skipString()
        continue
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: ","), UInt8(ascii: "}"), UInt8(ascii: "]"):
        if depth == 0 { return value(from: start) }
        depth -= current == UInt8(ascii: ",") ? 0 : 1
      default: break
      }
      position += 1
    }
    return nil
  }

  private func value(from start: Int) -> Range<Int>? {
    var end = position
    while end > start, [0x20, 0x0A, 0x0D, 0x09].contains(text[end - 1]) { end -= 1 }
    return end > start ? start..<end : nil
  }

  private mutating func skipString() {
    position += 1
    while position < text.count, text[position] != UInt8(ascii: "\"") {
      position += text[position] == UInt8(ascii: "\\") ? 2 : 1
    }
    position = min(position + 1, text.count)
  }
}
