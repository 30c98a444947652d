/// The lines of a file that contain more than white space, each with its number, from 1.
///
/// A byte-order mark and carriage returns are removed, and the last line need not end in a line break.
struct TextLines: Sequence {
  let content: ArraySlice<UInt8>

  /// - Throws: `EvaluationError.unreadable` if the text is UTF-16.
  init(_ bytes: [UInt8], file: String) throws(EvaluationError) {
    // Text has no zero bytes. In UTF-16 without a byte-order mark, every ASCII letter brings one.
    if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) || bytes.prefix(64).contains(0) {
      throw .unreadable(file: file, reason: "it is UTF-16 text or no text at all: save it as UTF-8")
    }
    content = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
  }

  func makeIterator() -> AnyIterator<(number: Int, bytes: [UInt8])> {
    var rest = content
    var number = 0
    return AnyIterator {
      while !rest.isEmpty {
        let end = rest.firstIndex(of: 0x0A) ?? rest.endIndex
        var line = rest[rest.startIndex..<end]
        rest = rest[Swift.min(end + 1, rest.endIndex)...]
        number += 1
        if line.last == 0x0D { line.removeLast() }
        if !line.allSatisfy({ [0x20, 0x09, 0x0D].contains($0) }) { return (number, Array(line)) }
      }
      return nil
    }
  }
}
