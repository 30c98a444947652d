/// Which rows of an attention map a column sum runs over.
public enum AttentionQueries: Sendable, Hashable {
  /// Every query of the sequence, the class token's included.
  case all
  /// The patches' queries only.
  case patches
}

/// Whether a map is taken before or after softmax. Logits are scaled: q·k / √headWidth.
public enum AttentionScale: Sendable, Hashable {
  case softmax
  case logits
}

/// One quantity to take out of a block's attention while its rows are in cache. S tokens, of which the first `prefix`
/// are not patches; N = S − prefix. Only `map` stores anything of size S × S.
public enum AttentionTap: Sendable, Hashable {
  /// The first position's row of every head: [heads, S]. It needs a prefix: without one, the first position is a patch.
  case classRow(AttentionScale)
  /// Column sums of the head mean over `queries`, after softmax: [S].
  case received(AttentionQueries)
  /// Column and row sums of the head mean's patch–patch block: [N] each.
  case patchSums(AttentionScale)
  /// The whole map of every head: [heads · S, S].
  case map(AttentionScale)

  /// Whether it reads a map before or after softmax.
  public var scale: AttentionScale {
    switch self {
    case .classRow(let scale), .patchSums(let scale), .map(let scale): scale
    case .received: .softmax
    }
  }
}

/// The value that a tap took, prefix included.
public enum TapValue: Sendable, Equatable {
  /// [heads, S] for a class row, [heads · S, S] for a map.
  case rows(Matrix)
  /// [S].
  case sums([Double])
  case patchSums(PatchSums)
}

/// Head means of the patch–patch block's sums, in double.
public struct PatchSums: Sendable, Hashable {
  /// Σ over patch queries, one entry per patch key.
  public var received: [Double]
  /// Σ over patch keys, one entry per patch query.
  public var given: [Double]
}

extension AttentionTap {
  /// The tap's value from a finished map: the same that it takes while the map is computed.
  /// - Parameters:
  ///   - map: [heads · S, S], before or after softmax as `scale` says.
  ///   - prefix: positions before the patches.
  public func read(_ map: Matrix, prefix: Int) -> TapValue {
    let tokens = map.columns
    precondition(tokens > 0 && map.rows % tokens == 0, "a map is [heads · S, S]")
    let reader = reader(heads: map.rows / tokens, tokens: tokens, prefix: prefix)
    map.values.withUnsafeBufferPointer { values in
      guard let start = values.baseAddress else { return }
      for head in 0..<map.rows / tokens {
        reader.read(
          start + head * tokens * tokens, stride: tokens, head: head, queries: 0..<tokens, keys: 0..<tokens)
      }
    }
    return reader.result()
  }
}
