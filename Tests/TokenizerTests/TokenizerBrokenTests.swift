import Checkpoint
import Testing
import Tokenizer

@testable import Tokenizer

@Suite struct `A tokenizer file that is broken` {
  /// A file with some sections replaced or added.
  static func file(
    _ sections: String = "", vocabulary: String = #"{"a": 0, "b": 1, "ab": 2}"#, merges: String = #"["a b"]"#,
    model: String = #""type": "BPE""#
  ) -> [UInt8] {
    Array(#"{\#(sections) "model": {\#(model), "vocab": \#(vocabulary), "merges": \#(merges)}}"#.utf8)
  }

  @Test func `is only broken where a test breaks it`() throws {
    let tokenizer = try Tokenizer(json: Self.file())
    #expect(tokenizer.encode("abba") == [2, 1, 0])
  }

  @Test(arguments: [
    (#"{"a": 0, "b": 0, "ab": 2}"#, "id 0 belongs to two tokens"),
    (#"{"a": -1, "b": 1, "ab": 2}"#, "negative (-1)"),
    (#"{"a": 0, "b": 1, "ab": 4000000000}"#, "far above their number"),
    (#"{"a": 0, "b": 1, "ab": 99999999999999999999}"#, "no integer"),
    (#"{"a": 0, "b": 1.0, "ab": 2}"#, "no integer"),
    (#"{"a": 0, "b": "1", "ab": 2}"#, "no integer"),
    (#"{"a": 0, "b": 1, "": 2}"#, "empty token"),
    (#"{"a": 0, "b": 1, "a": 2}"#, #"key "a" occurs twice"#),
    (#"[["a", -1.5]]"#, #""vocab" is an array"#),
    ("null", #""vocab" is null"#),
  ])
  func `is refused for its vocabulary`(_ vocabulary: String, _ problem: String) {
    refuse(Self.file(vocabulary: vocabulary), problem)
  }

  @Test(arguments: [
    (#"["a c"]"#, #"merge 0 names "c""#), (#"["a b", ["b", "a"]]"#, #"merge 1 names "ba""#),
    (#"["a b a"]"#, "merge 0 is no pair"), (#"["ab"]"#, "merge 0 is no pair"), (#"[["a"]]"#, "merge 0 is no pair"),
    (#"[["a", "b", "a"]]"#, "merge 0 is no pair"), (#"[["a", 1]]"#, "merge 0 is no pair"),
    ("[1]", "merge 0 is no pair"),
    (#"[""]"#, "merge 0 is no pair"), (#"{"a": "b"}"#, #""merges" is an object"#),
  ])
  func `is refused for its merges`(_ merges: String, _ problem: String) {
    refuse(Self.file(merges: merges), problem)
  }

  @Test(arguments: [
    (#""type": "WordPiece""#, "type WordPiece is not supported"), (#""type": "Unigram""#, "type Unigram"),
    (#""type": "WordLevel""#, "type WordLevel"), (#""type": 1"#, #""type" is an integer"#),
    (#""type": "BPE", "dropout": 0.1"#, "dropout"), (#""type": "BPE", "byte_fallback": 1"#, "byte_fallback"),
    (#""type": "BPE", "unk_token": 0"#, "unk_token"), (#""type": "BPE", "end_of_word_suffix": true"#, "suffix"),
  ])
  func `is refused for its model`(_ model: String, _ problem: String) { refuse(Self.file(model: model), problem) }

  @Test(arguments: [
    (#""normalizer": {"type": "NFKC"},"#, "NFKC is not supported"),
    (#""normalizer": {},"#, #"lacks "type""#),
    (#""normalizer": "NFC","#, "a string"),
    (#""normalizer": {"type": "Replace", "pattern": {"Regex": "a+"}, "content": "b"},"#, "the pattern a+ is not"),
    (#""normalizer": {"type": "Replace", "pattern": {"String": ""}, "content": "b"},"#, "empty"),
    (#""normalizer": {"type": "Replace", "pattern": "a", "content": "b"},"#, "pattern is missing"),
    (#""normalizer": {"type": "Sequence", "normalizers": [{"type": "BertNormalizer"}]},"#, "BertNormalizer"),
    (#""pre_tokenizer": {"type": "Whitespace"},"#, "Whitespace is not supported"),
    (
      #""pre_tokenizer": {"type": "Split", "pattern": {"Regex": "\\d"}, "behavior": "Isolated"},"#,
      #"pattern \d is not"#
    ),
    (#""pre_tokenizer": {"type": "Split", "pattern": {"String": "a"}, "behavior": "Odd"},"#, "behavior Odd"),
    (#""pre_tokenizer": {"type": "Metaspace", "replacement": ""},"#, "empty"),
    (#""pre_tokenizer": {"type": "Metaspace", "replacement": "ab"},"#, "not one character"),
    (#""pre_tokenizer": {"type": "Metaspace", "replacement": "_", "prepend_scheme": "odd"},"#, "prepend scheme odd"),
    (#""decoder": {"type": "WordPiece"},"#, "WordPiece is not supported"),
    (#""decoder": {"type": "CTC"},"#, "CTC is not supported"),
    (#""decoder": {"type": "Strip", "content": " ", "start": -1, "stop": 0},"#, "negative"),
    (#""decoder": {"type": "Sequence", "decoders": [{"type": "Fuse"}, {"type": "ByteLevel"}]},"#, "after Fuse"),
    (#""decoder": {"type": "BPEDecoder", "suffix": ""},"#, "empty"),
    (#""post_processor": {"type": "Odd"},"#, "Odd is not supported"),
    (#""post_processor": {"type": "BertProcessing", "sep": ["x"], "cls": ["a", 0]},"#, "no pair of a text and an id"),
    (#""post_processor": {"type": "BertProcessing", "sep": ["x", 3], "cls": ["a", 0]},"#, "id 3 is no token"),
    (#""post_processor": {"type": "BertProcessing", "sep": ["x", -1], "cls": ["a", 0]},"#, "id -1 is no token"),
    (#""post_processor": {"type": "TemplateProcessing", "single": [], "special_tokens": {}},"#, "0 sequences"),
    (
      #""post_processor": {"type": "TemplateProcessing", "special_tokens": {},"#
        + #""single": [{"SpecialToken": {"id": "s"}}, {"Sequence": {"id": "A"}}]},"#, #"lacks "s""#
    ),
    (#""added_tokens": {},"#, #""added_tokens" is an object"#),
    (#""added_tokens": [1],"#, "an integer"),
    (#""added_tokens": [{"content": "x"}],"#, #"lacks "id""#),
    (#""added_tokens": [{"id": 3, "content": "x", "special": "yes"}],"#, #""special" is a string"#),
  ])
  func `is refused for its other sections`(_ section: String, _ problem: String) {
    refuse(Self.file(section), problem)
  }

  @Test(arguments: [
    "", "{", "[]", "{}", "null", #"{"model": null}"#, #"{"model": []}"#, #"{"model": {}}"#, "\u{FEFF}{}",
  ])
  func `is refused where it is no tokenizer at all`(_ text: String) {
    #expect(throws: TokenizerError.self) { try Tokenizer(json: Array(text.utf8)) }
  }

  @Test(arguments: TokenizerFixtures.tiny)
  func `is refused where it is cut off`(_ name: String) throws {
    let file = try TokenizerFixtures.golden("\(name).json")
    for length in stride(from: 0, to: file.count - 2, by: 499) {
      #expect {
        try Tokenizer(json: Array(file[..<length]))
      } throws: {
        guard case .json = $0 as? TokenizerError else { return false }
        return true
      }
    }
  }

  @Test func `never crashes, whatever byte is changed`() throws {
    let file = Self.file(
      #""added_tokens": [{"id": 3, "content": "<x>", "special": true, "rstrip": true}], "#
        + #""normalizer": {"type": "Prepend", "prepend": "a"}, "decoder": {"type": "ByteFallback"}, "#
        + #""pre_tokenizer": {"type": "Metaspace", "replacement": "b", "prepend_scheme": "first"}, "#
        + #""post_processor": {"type": "BertProcessing", "sep": ["b", 1], "cls": ["a", 0]},"#)
    for position in file.indices {
      for byte in Array("\"\\,:{}[]019- xu".utf8) + [0, 0x80, 0xFF] {
        var changed = file
        changed[position] = byte
        guard let tokenizer = try? Tokenizer(json: changed) else { continue }
        #expect(tokenizer.encode("ab <x> ba").allSatisfy { (0..<tokenizer.vocabularySize).contains($0) })
      }
    }
  }

  private func refuse(_ file: [UInt8], _ problem: String) {
    let error = #expect(throws: TokenizerError.self) { try Tokenizer(json: file) }
    #expect(error?.message.contains(problem) == true, "\(error?.message ?? "nothing thrown")")
    #expect(error?.message.hasPrefix("tokenizer.json") == true && error?.hint.isEmpty == false)
  }
}
