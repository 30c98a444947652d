/// One entry of `added_tokens`.
struct AddedToken: Sendable {
  /// The file's id, until `AddedTokens` assigns the final one.
  var id: Int
  let content: [UInt8]
  /// Matches only where no word character touches it.
  let isSingleWord: Bool
  /// Swallows the white space before it.
  let stripsLeft: Bool
  /// Swallows the white space after it.
  let stripsRight: Bool
  /// Is searched for in normalised text, in normalised form.
  let isNormalized: Bool
  let isSpecial: Bool

  init(_ entry: TokenizerSection) throws(TokenizerError) {
    id = try entry.integer("id")
    content = try entry.utf8("content")
    isSpecial = try entry.boolean("special", default: false)
    isSingleWord = try entry.boolean("single_word", default: false)
    stripsLeft = try entry.boolean("lstrip", default: false)
    stripsRight = try entry.boolean("rstrip", default: false)
    isNormalized = try entry.boolean("normalized", default: true)
  }
}
