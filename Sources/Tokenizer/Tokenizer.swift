import Basics

/// Text to token ids and back, as a `tokenizer.json` says: byte-pair encoding with the normalizers, pre-tokenizers,
/// templates and decoders of LLaMA, GPT-2, Qwen2, LLaMA-3, SmolLM and CLIP.
///
/// Gives the same results as the `tokenizers` library (0.23). The file's sections `padding` and `truncation` are
/// ignored. Immutable; copies share their storage.
public struct Tokenizer: Sendable {
  /// The largest id plus one, added tokens included.
  public let vocabularySize: Int

  private let model: BytePairModel
  private let added: AddedTokens
  private let normalizer: Normalizer
  private let preTokenizer: PreTokenizer
  private let postProcessor: PostProcessor
  private let decoder: TokenDecoder

  /// Reads the bytes of a `tokenizer.json`. Throws `TokenizerError` for a file that is damaged, contradicts itself, or
  /// asks for something unsupported; only `padding` and `truncation` are ignored silently.
  public init(json bytes: [UInt8]) throws(TokenizerError) {
    let root: JSONValue
    do { root = try JSONValue(parsing: bytes) } catch { throw .json(error) }
    func section(_ name: String) throws(TokenizerError) -> TokenizerSection? {
      guard let value = root[name], !value.isNull else { return nil }
      return try TokenizerSection(name, value)
    }
    guard let modelSection = try section("model") else {
      throw .invalid(section: "model", problem: "the section is missing")
    }
    model = try BytePairModel(modelSection)
    normalizer = try Normalizer(section("normalizer"))
    preTokenizer = try PreTokenizer(section("pre_tokenizer"))
    decoder = try TokenDecoder(section("decoder"))
    let own = try TokenizerSection("added_tokens", root)
    let entries = own.has("added_tokens") ? try own.parts("added_tokens") : []
    added = try AddedTokens(entries, vocabulary: model.vocabulary, normalizer: normalizer)
    vocabularySize = max(model.vocabulary.size, added.size)
    postProcessor = try PostProcessor(section("post_processor"), vocabularySize: vocabularySize)
  }

  /// The id of a token, spelled as in the vocabulary ("▁the", "Ġthe", "<s>").
  public func id(of token: String) -> Int? {
    let bytes = Array(token.utf8)
    return added.id(of: bytes) ?? model.vocabulary.id(of: bytes[...])
  }

  /// The token of an id, spelled as in the vocabulary.
  public func token(of id: Int) -> String? { bytes(of: id).map { String(decoding: $0, as: UTF8.self) } }

  /// Whether decoding skips the token.
  public func isSpecial(_ id: Int) -> Bool { bytes(of: id).map(isSpecial) ?? false }

  func bytes(of id: Int) -> [UInt8]? { added.content(of: id) ?? model.vocabulary.bytes(of: id).map(Array.init) }

  func isSpecial(_ token: [UInt8]) -> Bool { added.isSpecial(token) }

  // MARK: - Encoding

  /// The ids of a text. Added tokens inside it are recognised, special ones too.
  ///
  /// - Parameter addSpecialTokens: frame the text as the file's template says (LLaMA: `<s>` in front).
  public func encode(_ text: String, addSpecialTokens: Bool = true) -> [Int] {
    var tokens = addSpecialTokens ? postProcessor.before : []
    var workspace = BytePairWorkspace()
    let bytes = Array(text.utf8)
    for segment in added.verbatim.segments(of: bytes) {
      if let id = segment.id {
        tokens.append(id)
      } else {
        let normalized = normalizer.normalize(Array(bytes[segment.range]))
        encode(normalized: normalized, beginsInput: segment.range.lowerBound == 0, into: &tokens, using: &workspace)
      }
    }
    if addSpecialTokens { tokens += postProcessor.after }
    return tokens
  }

  private func encode(
    normalized text: [UInt8], beginsInput: Bool, into tokens: inout [Int], using workspace: inout BytePairWorkspace
  ) {
    for segment in added.normalized.segments(of: text) {
      if let id = segment.id {
        tokens.append(id)
        continue
      }
      var split = SplitText(
        Array(text[segment.range]), beginsInput: beginsInput && segment.range.lowerBound == 0)
      preTokenizer.split(&split)
      for word in split.words { model.encode(split.text, word, into: &tokens, using: &workspace) }
    }
  }

  // MARK: - Decoding

  /// The text of some ids. Ids without token are left out.
  public func decode(_ ids: [Int], skipSpecialTokens: Bool = true) -> String {
    var stream = makeStreamDecoder(skipSpecialTokens: skipSpecialTokens)
    var text: [UInt8] = []
    for id in ids { text += stream.appendUTF8(id) }
    text += stream.finishUTF8()
    return String(decoding: text, as: UTF8.self)
  }

  /// A decoder for tokens that come one at a time.
  public func makeStreamDecoder(skipSpecialTokens: Bool = true) -> StreamDecoder {
    StreamDecoder(self, decoder: decoder, skipsSpecialTokens: skipSpecialTokens)
  }
}
