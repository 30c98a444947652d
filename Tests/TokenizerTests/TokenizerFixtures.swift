import Basics
import Checkpoint
import Foundation
import Testing
import Tokenizer

@testable import Tokenizer

/// Where the tests of the tokenizer find their files.
enum TokenizerFixtures {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  private static let goldens = root.appending(path: "fixtures/golden/tokenizers")
  private static let shared = root.deletingLastPathComponent().appending(path: "shared/data/tokenizers")

  /// Real tokenizers are not part of the repository.
  static let hasShared = FileManager.default.fileExists(atPath: shared.path)

  static let tiny = ["tiny-byte-level", "tiny-sentencepiece", "tiny-metaspace", "tiny-gpt4", "tiny-clip"]
  static let real = ["smollm", "llama2", "qwen", "clip", "phi3-vision"]

  static func golden(_ name: String) throws -> [UInt8] {
    try [UInt8](Data(contentsOf: goldens.appending(path: name)))
  }

  static func shared(_ path: String) throws -> [UInt8] {
    try [UInt8](Data(contentsOf: shared.appending(path: path)))
  }

  /// A tokenizer of ours by its name, or a real one.
  static func tokenizer(_ name: String) throws -> Tokenizer {
    try Tokenizer(json: name.hasPrefix("tiny") ? golden("\(name).json") : shared("\(name)/tokenizer.json"))
  }

  static func texts() throws -> [String] {
    try #require(JSONValue(parsing: golden("texts.json")).elements).map { try #require($0.string) }
  }
}

/// What `tokenizers` gives for one tokenizer.
struct TokenizerGolden {
  struct Decoded {
    let ids: [Int]
    let keep: String
    let skip: String
  }

  let texts: [String]
  /// Ids of each text without special tokens around it.
  let plain: [[Int]]
  /// Ids of the first few texts with special tokens around them.
  let framed: [[Int]]
  let decoded: [Decoded]

  init(_ name: String) throws {
    let golden = try JSONValue(parsing: TokenizerFixtures.golden("\(name).golden.json")).members()
    texts = try TokenizerFixtures.texts()
    let plain = try golden.elements("plain").map(\.integers)
    framed = try golden.elements("framed").map(\.integers)
    // The library decoded what it had framed itself; the frame is the same for every text.
    let before = framed[0].prefix { $0 != plain[0].first }
    let after = framed[0].dropFirst(before.count + plain[0].count)
    var decoded: [Decoded] = []
    for (ids, entry) in try zip(plain, golden.elements("decoded")) {
      decoded.append(try Decoded(ids: before + ids + after, entry))
    }
    for entry in try golden.elements("random") {
      decoded.append(try Decoded(ids: entry.members().required("ids").integers, entry))
    }
    self.plain = plain
    self.decoded = decoded
  }
}

extension TokenizerGolden.Decoded {
  init(ids: [Int], _ entry: JSONValue) throws {
    let entry = try entry.members()
    let keep = try entry.string("keep")
    self.init(ids: ids, keep: keep, skip: try entry.optionalString("skip") ?? keep)
  }
}

extension JSONValue {
  /// Typed access to an object of a file of goldens.
  func members() throws -> JSONReader<JSONError> { try JSONReader(self, file: "golden") }

  var integers: [Int] { elements?.compactMap(\.integer) ?? [] }
}

/// Compares by bytes: Swift's strings are equal when they are canonically equivalent.
func isSame(_ first: String, _ second: String) -> Bool { first.utf8.elementsEqual(second.utf8) }
