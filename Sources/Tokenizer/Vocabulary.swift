import Basics

/// The model's tokens by id and by bytes.
///
/// Keyed by UTF-8 bytes and not by `String`: strings that are canonically equivalent are one key there, but two tokens
/// here (LLaMA-2 has six such pairs).
struct Vocabulary: Sendable {
  /// All tokens, one after another.
  private var text: [UInt8] = []
  /// Where each id's token lies in `text`; empty for an id without token (no token is empty: see the initialiser).
  private var bounds: [Range<UInt32>]
  /// Open-addressed table of ids, plus one; 0 is a free slot.
  private var slots: [UInt32]
  /// Number of tokens: less than `size` where ids are missing.
  let count: Int

  /// The largest id plus one.
  var size: Int { bounds.count }

  /// Reads `model.vocab`.
  init(_ entries: JSONMembers) throws(TokenizerError) {
    count = entries.count
    // Gaps are allowed, as in the reference, but a table for four billion ids is not.
    let limit = 2 * count + 65_536
    bounds = []
    bounds.reserveCapacity(count)
    var capacity = 64
    while capacity < count * 2 { capacity *= 2 }
    slots = [UInt32](repeating: 0, count: capacity)
    for entry in entries {
      guard let id = entry.value.integer else { throw Self.problem("the id of \"\(entry.name)\" is no integer") }
      guard id >= 0 else { throw Self.problem("the id of \"\(entry.name)\" is negative (\(id))") }
      guard id < limit else { throw Self.problem("the id of \"\(entry.name)\" (\(id)) is far above their number") }
      while bounds.count <= id { bounds.append(0..<0) }
      guard bounds[id].isEmpty else { throw Self.problem("id \(id) belongs to two tokens, one is \"\(entry.name)\"") }
      try add(entry.key, id: id)
    }
  }

  private static func problem(_ text: String) -> TokenizerError { .invalid(section: "model.vocab", problem: text) }

  private mutating func add(_ token: ArraySlice<UInt8>, id: Int) throws(TokenizerError) {
    guard !token.isEmpty else { throw Self.problem("id \(id) is an empty token") }
    let start = text.count
    text += token
    bounds[id] = UInt32(start)..<UInt32(text.count)
    slots[slot(for: token)] = UInt32(id + 1)
  }

  /// The slot that holds a token, or the free one where it belongs.
  private func slot(for token: ArraySlice<UInt8>) -> Int {
    token.withUnsafeBytes { slot(for: $0) }
  }

  private func slot(for token: UnsafeRawBufferPointer) -> Int {
    var hasher = Hasher()
    hasher.combine(bytes: token)
    var slot = hasher.finalize() & (slots.count - 1)
    return text.withUnsafeBytes { text in
      while slots[slot] != 0 {
        let range = bounds[Int(slots[slot]) - 1]
        let candidate = UnsafeRawBufferPointer(rebasing: text[Int(range.lowerBound)..<Int(range.upperBound)])
        if candidate.count == token.count, candidate.elementsEqual(token) { break }
        slot = (slot + 1) & (slots.count - 1)
      }
      return slot
    }
  }

  /// The id of a token, given as bytes.
  func id(of token: ArraySlice<UInt8>) -> Int? {
    let id = slots[slot(for: token)]
    return id == 0 ? nil : Int(id) - 1
  }

  /// The bytes of an id's token; nil for an id without token.
  func bytes(of id: Int) -> ArraySlice<UInt8>? {
    guard bounds.indices.contains(id), !bounds[id].isEmpty else { return nil }
    return text[Int(bounds[id].lowerBound)..<Int(bounds[id].upperBound)]
  }
}
