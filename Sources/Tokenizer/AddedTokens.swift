/// The tokens that are cut out of a text before the model sees it.
struct AddedTokens: Sendable {
  /// Looks in the text as it is.
  let verbatim: AddedTokenMatcher
  /// Looks in normalised text.
  let normalized: AddedTokenMatcher
  /// The text that each id decodes to: for a normalised token its normalised form, as in the reference.
  private let byID: [Int: [UInt8]]
  private let byContent: [[UInt8]: Int]
  /// Contents, not ids: a token's text decides whether decoding skips it, as in the reference.
  private let special: Set<[UInt8]>

  /// The largest id plus one; 0 without tokens.
  let size: Int

  /// Reads the section `added_tokens`. As in the reference, a token gets its id in the vocabulary or the next free one,
  /// whatever the file says: a gap before an id is closed.
  init(
    _ entries: [TokenizerSection], vocabulary: Vocabulary, normalizer: Normalizer
  ) throws(TokenizerError) {
    var tokens: [AddedToken] = []
    var byID: [Int: [UInt8]] = [:]
    var byContent: [[UInt8]: Int] = [:]
    var largest = -1
    for entry in entries {
      var token = try AddedToken(entry)
      guard !token.content.isEmpty else { continue }
      let place =
        byContent[token.content] ?? vocabulary.id(of: token.content[...])
        ?? (largest >= vocabulary.count ? largest + 1 : vocabulary.count)
      token.id = place
      largest = max(largest, place)
      if byContent.updateValue(place, forKey: token.content) == nil { tokens.append(token) }
      byID[place] = token.isNormalized ? normalizer.normalize(token.content) : token.content
    }
    self.byID = byID
    self.byContent = byContent
    size = largest + 1
    special = Set(tokens.lazy.filter(\.isSpecial).map(\.content))
    // Special ones first: of two that look alike in normalised text, the first matches.
    let ordered = tokens.filter(\.isSpecial) + tokens.filter { !$0.isSpecial }
    verbatim = AddedTokenMatcher(ordered.lazy.filter { !$0.isNormalized }.map { ($0.content, $0) })
    normalized = AddedTokenMatcher(
      ordered.lazy.filter(\.isNormalized).map { (normalizer.normalize($0.content), $0) })
  }

  func id(of content: [UInt8]) -> Int? { byContent[content] }

  func content(of id: Int) -> [UInt8]? { byID[id] }

  func isSpecial(_ content: [UInt8]) -> Bool { special.contains(content) }
}
