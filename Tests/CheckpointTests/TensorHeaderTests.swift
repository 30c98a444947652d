import Checkpoint
import Foundation
import TestSupport
import Testing

@Suite struct `A damaged safetensors file is refused` {
  struct Case: CustomTestStringConvertible {
    let name: String
    let file: RawTensorFile
    /// A part of the error's message.
    let reason: String
    var testDescription: String { name }

    init(_ name: String, _ header: String, bytes: Int = 0, length: UInt64? = nil, reason: String) {
      self.name = name
      file = RawTensorFile(header: header, data: [UInt8](repeating: 0, count: bytes), claimedLength: length)
      self.reason = reason
    }
  }

  private static func tensor(_ name: String, _ shape: String, _ offsets: String, dtype: String = "F32") -> String {
    "\"\(name)\":{\"dtype\":\"\(dtype)\",\"shape\":\(shape),\"data_offsets\":\(offsets)}"
  }

  static let lengths = [
    Case("a header longer than the file", "{}", length: 3, reason: "claims 3 bytes"),
    Case("a header of 2⁶³ bytes", "{}", length: 1 << 63, reason: "claims 9223372036854775808 bytes"),
    Case("a header of 2⁶⁴ − 1 bytes", "{}", length: .max, reason: "claims 18446744073709551615 bytes"),
    Case("a header of no bytes", "", reason: "invalid JSON"),
    Case("half a header", "{\"a\":1}", length: 3, reason: "invalid JSON"),
  ]

  static let json = [
    Case("no JSON", "PK\u{03}\u{04}", reason: "invalid JSON"),
    Case("a list", "[]", reason: "not a JSON object"),
    Case("deep nesting", String(repeating: "{\"a\":", count: 100_000), reason: "nested deeper"),
    Case("a tensor that is a number", "{\"a\":1}", reason: "\"dtype\""),
    Case("a tensor without dtype", "{\"a\":{\"shape\":[],\"data_offsets\":[0,4]}}", bytes: 4, reason: "\"dtype\""),
    Case("a tensor without shape", "{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}", bytes: 4, reason: "\"shape\""),
    Case("a tensor without offsets", "{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", bytes: 4, reason: "\"data_offsets\""),
    Case(
      "the same name twice", "{\(tensor("a", "[1]", "[0,4]")),\(tensor("a", "[1]", "[4,8]"))}", bytes: 8,
      reason: "occurs twice"),
    Case(
      "the same name twice, once escaped", "{\(tensor("a", "[1]", "[0,4]")),\(tensor("\\u0061", "[1]", "[4,8]"))}",
      bytes: 8, reason: "occurs twice"),
    Case("metadata that is a list", "{\"__metadata__\":[]}", reason: "metadata"),
    Case("metadata with a number", "{\"__metadata__\":{\"a\":1}}", reason: "metadata a"),
  ]

  static let entries = [
    Case("a negative size", "{\(tensor("a", "[-1]", "[0,4]"))}", bytes: 4, reason: "no valid shape"),
    Case("two negative sizes", "{\(tensor("a", "[-1,-1]", "[0,4]"))}", bytes: 4, reason: "no valid shape"),
    Case("half an element", "{\(tensor("a", "[0.5]", "[0,2]"))}", bytes: 2, reason: "no valid shape"),
    Case(
      "a shape that overflows", "{\(tensor("a", "[1099511627776,1099511627776]", "[0,0]"))}",
      reason: "does not fill its 0 bytes"),
    Case(
      "a shape that overflows back to its size", "{\(tensor("a", "[4611686018427387904,4]", "[0,0]"))}",
      reason: "does not fill its 0 bytes"),
    Case("a size beyond 2⁶³", "{\(tensor("a", "[9223372036854775808]", "[0,4]"))}", bytes: 4, reason: "no valid shape"),
    Case("fewer bytes than its shape", "{\(tensor("a", "[2]", "[0,4]"))}", bytes: 4, reason: "does not fill"),
    Case("more bytes than its shape", "{\(tensor("a", "[2]", "[0,12]"))}", bytes: 12, reason: "does not fill"),
    Case("data beyond the file", "{\(tensor("a", "[2]", "[0,8]"))}", bytes: 4, reason: "outside the file"),
    Case("negative offsets", "{\(tensor("a", "[1]", "[-4,0]"))}", bytes: 4, reason: "outside the file"),
    Case("an end before its begin", "{\(tensor("a", "[1]", "[4,0]"))}", bytes: 4, reason: "outside the file"),
    Case("an end at 2⁶³ − 1", "{\(tensor("a", "[1]", "[0,9223372036854775807]"))}", bytes: 4, reason: "outside"),
    Case("one offset", "{\(tensor("a", "[1]", "[0]"))}", bytes: 4, reason: "outside the file"),
    Case("three offsets", "{\(tensor("a", "[1]", "[0,4,4]"))}", bytes: 4, reason: "outside the file"),
    Case("offsets in text", "{\(tensor("a", "[1]", "[\"0\",\"4\"]"))}", bytes: 4, reason: "outside the file"),
  ]

  static let coverage = [
    Case(
      "two tensors on the same bytes", "{\(tensor("a", "[1]", "[0,4]")),\(tensor("b", "[1]", "[0,4]"))}", bytes: 4,
      reason: "overlaps another one or leaves a hole"),
    Case(
      "two tensors that overlap", "{\(tensor("a", "[2]", "[0,8]")),\(tensor("b", "[2]", "[4,12]"))}", bytes: 12,
      reason: "overlaps another one or leaves a hole"),
    Case(
      "a hole between tensors", "{\(tensor("a", "[1]", "[0,4]")),\(tensor("b", "[1]", "[8,12]"))}", bytes: 12,
      reason: "overlaps another one or leaves a hole"),
    Case("a hole in front", "{\(tensor("a", "[1]", "[4,8]"))}", bytes: 8, reason: "leaves a hole"),
    Case("trailing bytes", "{\(tensor("a", "[1]", "[0,4]"))}", bytes: 5, reason: "1 bytes belong to no tensor"),
    Case("trailing bytes without any tensor", "{}", bytes: 3, reason: "3 bytes belong to no tensor"),
  ]

  @Test(arguments: lengths + json + entries + coverage)
  func `with a typed error that says why`(_ damage: Case) {
    let error = checkpointError { _ = try damage.file.read() }
    guard case .malformed(_, let reason)? = error else {
      Issue.record("\(damage.name): \(String(describing: error))")
      return
    }
    #expect(reason.contains(damage.reason), "\(reason)")
  }

  @Test(arguments: 0...8)
  func `when it has fewer bytes than a length field and a header`(count: Int) {
    let error = checkpointError { _ = try RawTensorFile.read([UInt8](repeating: 0, count: count)) }
    guard case .malformed? = error else {
      Issue.record("\(count) bytes: \(String(describing: error))")
      return
    }
  }

  @Test func `when it has a type of newer, quantised checkpoints, which is named with the way to convert`() {
    let file = RawTensorFile(header: "{\(Self.tensor("a", "[1]", "[0,1]", dtype: "F8_E8M0"))}", data: [0])
    let error = checkpointError { _ = try file.read() }
    guard case .unsupportedType("a", "F8_E8M0", _)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(error?.hint.contains("convert") == true)
  }

  @Test func `but tensors of no elements may lie anywhere between others`() throws {
    let header =
      "{\(Self.tensor("a", "[1]", "[0,4]")),\(Self.tensor("none", "[0,7]", "[4,4]")),"
      + "\(Self.tensor("b", "[1]", "[4,8]"))}"
    let file = try RawTensorFile(header: header, data: [UInt8](repeating: 0, count: 8)).read()
    #expect(try file.floats("none", shape: [0, 7]).count == 0)
  }
}

@Suite struct `A file with one damaged byte` {
  static let file = RawTensorFile(
    header: "{\"__metadata__\":{\"k\":\"v\"},\"w\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]},"
      + "\"i\":{\"dtype\":\"I64\",\"shape\":[2],\"data_offsets\":[24,40]}}  ",
    data: (0..<40).map { UInt8($0) })

  /// Every byte in front of the data, with each bit flipped, and set to a few values that matter in JSON.
  @Test func `is refused, or gives tensors that lie inside it; it never crashes`() throws {
    let original = Self.file.bytes
    var refused = 0
    var read = 0
    try withTemporaryFolder { folder in
      let path = "\(folder)/damaged.safetensors"
      try writeFile(original, to: path)
      let handle = try #require(FileHandle(forWritingAtPath: path))
      func overwrite(_ position: Int, with value: UInt8) throws {
        try handle.seek(toOffset: UInt64(position))
        try handle.write(contentsOf: [value])
      }
      for position in 0..<original.count - 40 {
        let values = (0..<8).map { original[position] ^ (1 << $0) } + Array("0\"{}[],: \\-e.".utf8) + [0, 0x80, 0xff]
        for value in values where value != original[position] {
          try overwrite(position, with: value)
          do {
            let file = try TensorFile(path: path)
            read += 1
            for (name, entry) in file.entries {
              #expect(entry.bytes.upperBound <= original.count)
              if entry.type == .i64 { _ = try file.integers(name) } else { _ = try? file.floats(name) }
            }
          } catch let error as CheckpointError {
            switch error {
            case .malformed, .unsupportedType: refused += 1
            default: throw error
            }
          }
        }
        try overwrite(position, with: original[position])
      }
      try handle.close()
    }
    // Names and metadata may change and still be a file; everything else may not.
    #expect(read > 20 && refused > read * 4)
  }

  @Test func `cut off anywhere is refused`() throws {
    let original = Self.file.bytes
    for count in 0..<original.count {
      guard case .malformed? = checkpointError({ _ = try RawTensorFile.read(Array(original.prefix(count))) }) else {
        Issue.record("\(count) of \(original.count) bytes were accepted")
        continue
      }
    }
  }
}
