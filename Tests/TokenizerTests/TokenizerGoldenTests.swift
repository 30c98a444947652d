import Testing

@testable import Tokenizer

@Suite struct `The tokenizer equals the library` {
  @Test(arguments: TokenizerFixtures.tiny)
  func `on small tokenizers of our own`(_ name: String) throws { try compare(name) }

  @Test(.enabled(if: TokenizerFixtures.hasShared, "needs ../shared/data"), arguments: TokenizerFixtures.real)
  func `on real tokenizers`(_ name: String) throws { try compare(name) }

  private func compare(_ name: String) throws {
    let tokenizer = try TokenizerFixtures.tokenizer(name)
    let golden = try TokenizerGolden(name)
    #expect(golden.texts.count >= 200 && golden.plain.count == golden.texts.count)
    for (text, ids) in zip(golden.texts, golden.plain) {
      #expect(tokenizer.encode(text, addSpecialTokens: false) == ids, "\(text.debugDescription)")
    }
    for (text, ids) in zip(golden.texts, golden.framed) {
      #expect(tokenizer.encode(text) == ids, "\(text.debugDescription)")
    }
    for entry in golden.decoded {
      let kept = tokenizer.decode(entry.ids, skipSpecialTokens: false)
      #expect(isSame(kept, entry.keep), "\(entry.ids): \(kept.debugDescription), not \(entry.keep.debugDescription)")
      let skipped = tokenizer.decode(entry.ids)
      #expect(
        isSame(skipped, entry.skip), "\(entry.ids): \(skipped.debugDescription), not \(entry.skip.debugDescription)")
    }
  }
}

@Suite struct `Decoding token by token` {
  @Test(arguments: TokenizerFixtures.tiny)
  func `gives the whole text with small tokenizers`(_ name: String) throws { try compare(name) }

  @Test(.enabled(if: TokenizerFixtures.hasShared, "needs ../shared/data"), arguments: TokenizerFixtures.real)
  func `gives the whole text with real tokenizers`(_ name: String) throws { try compare(name) }

  private func compare(_ name: String) throws {
    let tokenizer = try TokenizerFixtures.tokenizer(name)
    for entry in try TokenizerGolden(name).decoded {
      for (skips, expected) in [(false, entry.keep), (true, entry.skip)] {
        var stream = tokenizer.makeStreamDecoder(skipSpecialTokens: skips)
        let parts = entry.ids.map { stream.append($0) } + [stream.finish()]
        #expect(isSame(parts.joined(), expected), "\(entry.ids)")
      }
    }
  }

  @Test func `holds half a character back until it is whole`() throws {
    let tokenizer = try TokenizerFixtures.tokenizer("tiny-byte-level")
    let ids = tokenizer.encode("a🦊", addSpecialTokens: false)
    var stream = tokenizer.makeStreamDecoder()
    let parts = ids.map { stream.append($0) }
    #expect(parts.count > 2 && parts.filter { !$0.isEmpty } == ["a", "🦊"])
    #expect(stream.finish() == "")
  }

  @Test func `replaces half a character at the end`() throws {
    let tokenizer = try TokenizerFixtures.tokenizer("tiny-byte-level")
    let ids = tokenizer.encode("🦊", addSpecialTokens: false)
    var stream = tokenizer.makeStreamDecoder()
    #expect(ids.dropLast().map { stream.append($0) }.joined() == "")
    #expect(stream.finish() == "\u{FFFD}")
  }

  @Test func `gives text at once where nothing can change it`() throws {
    let tokenizer = try TokenizerFixtures.tokenizer("tiny-sentencepiece")
    var stream = tokenizer.makeStreamDecoder()
    for id in tokenizer.encode("the token") where !tokenizer.isSpecial(id) {
      #expect(stream.append(id) != "")
    }
  }

  @Test func `holds a run of bytes back until it ends`() throws {
    let tokenizer = try TokenizerFixtures.tokenizer("tiny-sentencepiece")
    let llama = try "🦙".utf8.map { byte in
      try #require(tokenizer.id(of: "<0x\(String(byte, radix: 16, uppercase: true))>"))
    }
    let letter = try #require(tokenizer.id(of: "a"))
    var stream = tokenizer.makeStreamDecoder()
    #expect((llama + [letter]).map { stream.append($0) } == ["", "", "", "", "🦙a"])
    #expect((llama.prefix(2) + [letter]).map { stream.append($0) } == ["", "", "\u{FFFD}\u{FFFD}a"])
    #expect(llama.map { stream.append($0) }.joined() == "")
    #expect(stream.finish() == "🦙")
  }
}
