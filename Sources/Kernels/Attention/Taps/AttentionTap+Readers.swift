extension AttentionTap {
  /// The reader that gathers this tap over the heads of one block.
  func reader(heads: Int, tokens: Int, prefix: Int) -> any TapReader {
    switch self {
    case .classRow:
      precondition(prefix > 0, "a class row needs a class token")
      return ClassRowReader(heads: heads, tokens: tokens)
    case .received(let queries):
      return ReceivedReader(heads: heads, tokens: tokens, firstQuery: queries == .all ? 0 : prefix)
    case .patchSums: return PatchSumsReader(heads: heads, tokens: tokens, prefix: prefix)
    case .map: return MapReader(heads: heads, tokens: tokens)
    }
  }
}
