/// Makes text of tokens as they come. What it gives, put together, is what `Tokenizer.decode` gives for all of them.
///
/// Text comes in whole characters: what may still change (half a character, a run of bytes) is held back, and nothing
/// that was read is read again. Made by `Tokenizer.makeStreamDecoder`.
public struct StreamDecoder: Sendable {
  private let tokenizer: Tokenizer
  private let skipsSpecialTokens: Bool
  private var decoder: TokenDecoder

  init(_ tokenizer: Tokenizer, decoder: TokenDecoder, skipsSpecialTokens: Bool) {
    self.tokenizer = tokenizer
    self.decoder = decoder
    self.skipsSpecialTokens = skipsSpecialTokens
  }

  /// Takes the next token; gives the text that is certain now, often empty. An id without token gives nothing.
  public mutating func append(_ id: Int) -> String { String(decoding: appendUTF8(id), as: UTF8.self) }

  /// Gives the text that was held back. No token may follow.
  public mutating func finish() -> String { String(decoding: finishUTF8(), as: UTF8.self) }

  mutating func appendUTF8(_ id: Int) -> [UInt8] {
    guard let token = tokenizer.bytes(of: id) else { return [] }
    return skipsSpecialTokens && tokenizer.isSpecial(token) ? [] : decoder.append(token)
  }

  mutating func finishUTF8() -> [UInt8] { decoder.finish() }
}
