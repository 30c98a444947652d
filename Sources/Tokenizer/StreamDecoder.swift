/// Turns tokens into text as they arrive. The pieces joined are what `Tokenizer.decode` returns for all of them.
///
/// Text comes in whole characters: what may still change (half a character, a run of bytes) is held back, and no token
/// is read twice. Created by `Tokenizer.makeStreamDecoder`.
public struct StreamDecoder: Sendable {
  private let tokenizer: Tokenizer
  private let skipsSpecialTokens: Bool
  private var decoder: TokenDecoder

  init(_ tokenizer: Tokenizer, decoder: TokenDecoder, skipsSpecialTokens: Bool) {
    self.tokenizer = tokenizer
    self.decoder = decoder
    self.skipsSpecialTokens = skipsSpecialTokens
  }

  /// Takes the next token; returns the text that is now certain, often empty. An id without token returns nothing.
  public mutating func append(_ id: Int) -> String { String(decoding: appendUTF8(id), as: UTF8.self) }

  /// Returns the text that was held back. No token may follow.
  public mutating func finish() -> String { String(decoding: finishUTF8(), as: UTF8.self) }

  mutating func appendUTF8(_ id: Int) -> [UInt8] {
    guard let token = tokenizer.bytes(of: id) else { return [] }
    return skipsSpecialTokens && tokenizer.isSpecial(token) ? [] : decoder.append(token)
  }

  mutating func finishUTF8() -> [UInt8] { decoder.finish() }
}
