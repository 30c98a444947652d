import Testing
import Tokenizer

@testable import Tokenizer

@Suite struct `A tokenizer` {
  @Test func `knows its tokens in both directions`() throws {
    let tokenizer = try TokenizerFixtures.tokenizer("tiny-byte-level")
    for id in 0..<tokenizer.vocabularySize {
      let token = try #require(tokenizer.token(of: id))
      // A normalised added token would be spelled differently; this file has no normalizer.
      #expect(tokenizer.id(of: token) == id)
    }
    #expect(tokenizer.token(of: -1) == nil && tokenizer.token(of: tokenizer.vocabularySize) == nil)
    #expect(tokenizer.id(of: "no such token") == nil)
  }

  @Test func `tells special tokens from others`() throws {
    let tokenizer = try TokenizerFixtures.tokenizer("tiny-byte-level")
    let special = (0..<tokenizer.vocabularySize).filter { tokenizer.isSpecial($0) }
    #expect(
      special.compactMap { tokenizer.token(of: $0) } == ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<right>"])
    #expect(!tokenizer.isSpecial(-1) && !tokenizer.isSpecial(100_000))
  }

  @Test func `keeps canonically equivalent tokens apart`() throws {
    let file =
      "{\"model\": {\"vocab\": {\"\u{E9}\": 0, \"e\": 1, \"\u{301}\": 2, \"e\u{301}\": 3}, "
      + "\"merges\": [\"e \u{301}\"]}}"
    let tokenizer = try Tokenizer(json: Array(file.utf8))
    #expect(tokenizer.encode("\u{E9}e\u{301}") == [0, 3])
    #expect(tokenizer.id(of: "\u{E9}") == 0 && tokenizer.id(of: "e\u{301}") == 3)
    #expect(isSame(tokenizer.decode([3]), "e\u{301}"))
  }

  @Test(arguments: ["", "a", "ab ", String(repeating: "the token ", count: 10_000), "\0\r\n\u{301}🦙"])
  func `gives text back that it has encoded`(_ text: String) throws {
    for name in ["tiny-byte-level", "tiny-sentencepiece"] {
      let tokenizer = try TokenizerFixtures.tokenizer(name)
      #expect(isSame(tokenizer.decode(tokenizer.encode(text)), text), "\(name)")
    }
  }

  /// Quadratic work would take hours here. Without pre-tokenizer the whole text is one word.
  @Test(.timeLimit(.minutes(1)), arguments: ["a", "the token looks at ", "🦙é"])
  func `encodes a word of a megabyte in less than quadratic time`(_ part: String) throws {
    let tokenizer = try TokenizerFixtures.tokenizer("tiny-sentencepiece")
    let text = String(repeating: part, count: 1_000_000 / part.utf8.count)
    let ids = tokenizer.encode(text)
    #expect(ids.count > 1000 && isSame(tokenizer.decode(ids), text))
  }

  @Test func `holds the last spaces back where the end of the text is stripped`() throws {
    let fused = #""decoder": {"type": "Sequence", "decoders": [{"type": "Fuse"}, {"type": "Strip", "content": " ","#
    let file = `A tokenizer file that is broken`.file(
      fused + #""start": 1, "stop": 2}]},"#, vocabulary: #"{"a": 0, " ": 1, "   ": 2}"#, merges: "[]")
    let tokenizer = try Tokenizer(json: file)
    #expect(tokenizer.decode([1, 1, 0, 1, 0, 2, 1]) == " a a  ")
    #expect(tokenizer.decode([1, 1]) == "")
    var stream = tokenizer.makeStreamDecoder()
    #expect([0, 1, 1, 1, 0].map { stream.append($0) } == ["a", "", "", " ", "  a"])
  }

  @Test func `can be used from several tasks at once`() async throws {
    let tokenizer = try TokenizerFixtures.tokenizer("tiny-gpt4")
    let texts = try TokenizerFixtures.texts()
    let alone = texts.map { tokenizer.encode($0) }
    await withTaskGroup(of: [[Int]].self) { group in
      for _ in 0..<4 { group.addTask { texts.map { tokenizer.encode($0) } } }
      for await result in group { #expect(result == alone) }
    }
  }

  /// Facts of `tokenizers` 0.23.3, on a vocabulary of "a" and "b".
  @Test func `closes gaps in front of added tokens as the reference does`() throws {
    func ids(_ added: [(id: Int, content: String)]) throws -> [Int] {
      let tokens = added.map {
        #"{"id": \#($0.id), "content": "\#($0.content)", "special": true, "normalized": false}"#
      }
      let file =
        #"{"added_tokens": [\#(tokens.joined(separator: ","))], "#
        + #""model": {"type": "BPE", "vocab": {"a": 0, "b": 1}, "merges": []}}"#
      return try Tokenizer(json: Array(file.utf8)).encode("a" + added.map(\.content).joined())
    }
    #expect(try ids([(7, "<x>")]) == [0, 2])
    #expect(try ids([(2, "<x>"), (9, "<y>"), (4, "<z>")]) == [0, 2, 3, 4])
    #expect(try ids([(5, "a"), (3, "<x>")]) == [0, 0, 2])
    #expect(try ids([(2, "<x>"), (2, "<y>")]) == [0, 2, 3])
  }
}
