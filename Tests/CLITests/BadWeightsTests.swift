import Foundation
import TestSupport
import Testing

@Suite struct `Damaged safetensors are one error and one hint` {
  private let original = [UInt8](
    (try? Data(contentsOf: Fixtures.model("tiny-classic").appending(path: "model.safetensors"))) ?? Data())

  private var headerLength: Int {
    original.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
  }

  private var header: String { String(decoding: original[8..<8 + headerLength], as: UTF8.self) }

  private func refuse(
    _ bytes: some Sequence<UInt8>, naming fragment: String = "model.safetensors",
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let checkpoint = try AlteredCheckpoint()
    try checkpoint.replace("model.safetensors", with: bytes)
    try expectFailure(ask(model: checkpoint.folder), naming: fragment, sourceLocation: sourceLocation)
  }

  /// The file with another header, its length field adjusted.
  private func with(header: String) -> [UInt8] {
    let length = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { [UInt8]($0) }
    return length + Array(header.utf8) + original[(8 + headerLength)...]
  }

  @Test(arguments: [0, 1, 7, 8, 9, 1000, 14_928, 500_000, 860_319])
  func `truncated anywhere`(count: Int) throws { try refuse(original.prefix(count)) }

  @Test(arguments: [UInt64.max, 1 << 62, 100_000_001, 860_313, 3, 0])
  func `a header length beyond the file`(length: UInt64) throws {
    try refuse(withUnsafeBytes(of: length.littleEndian) { [UInt8]($0) } + original.dropFirst(8))
  }

  @Test
  func `headers that lie`() throws {
    let range = try #require(header.range(of: #"\[208, ?65744\]"#, options: .regularExpression))
    for offsets in [
      "[0, 65744]", "[208, 65745]", "[65744, 208]", "[-1, 65535]", "[208, 9223372036854775807]", "[208]", "\"x\"",
    ] {
      try refuse(with(header: header.replacingCharacters(in: range, with: offsets)))
    }
    let shape = try #require(header.range(of: #"\[512, ?64\]"#, options: .regularExpression))
    for sizes in [
      "[512, 65]", "[4294967296, 4294967296, 2]", "[-512, -64]", "[9223372036854775807, 2]", "[]", "[512.5, 64]",
    ] {
      try refuse(with(header: header.replacingCharacters(in: shape, with: sizes)))
    }
    let type = try #require(header.range(of: "\"F16\""))
    for name in ["\"F32\"", "\"Q4\"", "16", "\"I16\"", "\"F8_E4M3\""] {
      try refuse(with(header: header.replacingCharacters(in: type, with: name)))
    }
    // The same size under a type that no weight has.
    try refuse(with(header: header.replacing("\"F16\"", with: "\"I16\"")), naming: "unsupported type I16")
    try refuse(with(header: "[]"))
    try refuse(with(header: String(repeating: "{\"a\":", count: 50_000)))
    try refuse(with(header: header.replacing("lm_head", with: "lm_hood")), naming: "lm_head")
    try refuse(with(header: header.replacing("{\"format\"", with: "{\"a\":5, \"format\"")))
  }

  @Test
  func `weights that are not finite`() throws {
    var bytes = original
    for index in stride(from: 8 + headerLength + 209, to: bytes.count, by: 2) { bytes[index] = 0x7e }
    try refuse(bytes, naming: "not finite")
  }

  @Test
  func `flipped bits give an answer or an error`() throws {
    for (number, place) in stride(from: 0, to: headerLength + 8, by: 601).enumerated() {
      let bit = number % 8
      var bytes = original
      bytes[place] ^= 1 << UInt8(bit)
      let checkpoint = try AlteredCheckpoint()
      try checkpoint.replace("model.safetensors", with: bytes)
      let command = ask(model: checkpoint.folder)
      let outcome = try command.run()
      if outcome.exitCode == 0 { continue }
      expectFailure(outcome, of: command, exitCode: 1, naming: [])
      if outcome.signal != nil { Issue.record("byte \(place), bit \(bit)") }
    }
  }
}
