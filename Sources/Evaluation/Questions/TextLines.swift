/// The lines of a file that hold more than white space, each with its number from 1.
///
/// A byte-order mark is no part of the first line, a carriage return none of any, and the last line may lack its end.
struct TextLines: Sequence {
  let content: ArraySlice<UInt8>

  /// - Throws: `EvaluationError.unreadable` where the bytes are UTF-16.
  init(_ bytes: [UInt8], file: String) throws(EvaluationError) {
    // Text has no zero bytes: those of UTF-16 without a mark stand beside every letter.
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
