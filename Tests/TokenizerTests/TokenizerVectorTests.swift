import Checkpoint
import Testing
import Tokenizer

@testable import Tokenizer

/// The vectors of llama.cpp: texts between lines `__ggml_vocab_test__`, a line of ids each. They have no special tokens
/// (llama.cpp encodes them without), so neither `<s>` nor anything else stands around the ids.
@Suite(.enabled(if: TokenizerFixtures.hasShared, "needs ../shared/data"))
struct `The vectors of llama.cpp` {
  @Test(arguments: [("llama2", "llama-spm"), ("qwen", "qwen2"), ("phi3-vision", "phi-3")])
  func `agree with its tokens`(_ name: String, _ vectors: String) throws {
    try compare(TokenizerFixtures.tokenizer(name), vectors)
  }

  @Test func `agree for GPT-2, whose file is made of its vocabulary and merges`() throws {
    let vocabulary = try String(decoding: TokenizerFixtures.shared("gpt2/encoder.json"), as: UTF8.self)
    let merges = try String(decoding: TokenizerFixtures.shared("gpt2/vocab.bpe"), as: UTF8.self)
      .split(separator: "\n").dropFirst().map { String($0).quotedForJSON }
    let byteLevel = #"{"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true}"#
    let file = """
      {"model": {"type": "BPE", "vocab": \(vocabulary), "merges": [\(merges.joined(separator: ","))]},
       "pre_tokenizer": \(byteLevel), "decoder": \(byteLevel)}
      """
    try compare(Tokenizer(json: Array(file.utf8)), "gpt-2")
  }

  private func compare(_ tokenizer: Tokenizer, _ vectors: String) throws {
    let input = try TokenizerFixtures.shared("vectors/ggml-vocab-\(vectors).gguf.inp")
    let output = try TokenizerFixtures.shared("vectors/ggml-vocab-\(vectors).gguf.out")
    let texts = Self.split(input, at: "\n__ggml_vocab_test__\n")
    let ids = String(decoding: output, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
      .dropLast().map { $0.split(separator: " ").compactMap { Int($0) } }
    // The last text has no separator after it in some files, and is then followed by nothing in the other.
    #expect(texts.count >= ids.count && ids.count >= 45)
    for (text, ids) in zip(texts, ids) {
      #expect(tokenizer.encode(text, addSpecialTokens: false) == ids, "\(text.debugDescription)")
      #expect(isSame(tokenizer.decode(ids), text), "\(ids)")
    }
  }

  /// Splits by bytes: "\r\n" would be one character.
  private static func split(_ bytes: [UInt8], at separator: String) -> [String] {
    let separator = Array(separator.utf8)
    var parts: [String] = []
    var (start, position) = (0, 0)
    while position < bytes.count {
      if bytes[position...].starts(with: separator) {
        parts.append(String(decoding: bytes[start..<position], as: UTF8.self))
        position += separator.count
        start = position
      } else {
        position += 1
      }
    }
    return parts + [String(decoding: bytes[start...], as: UTF8.self)]
  }
}
