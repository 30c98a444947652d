/// What happens to a pattern's matches when text is cut at them.
enum SplitBehavior: String, Sendable {
  case removed = "Removed"
  case isolated = "Isolated"
  case mergedWithPrevious = "MergedWithPrevious"
  case mergedWithNext = "MergedWithNext"
  /// Matches that follow each other become one.
  case contiguous = "Contiguous"

  /// The words that result from cutting text into these pieces.
  func words(from pieces: [(range: Range<Int>, isMatch: Bool)]) -> [Range<Int>] {
    switch self {
    case .isolated: return pieces.map(\.range)
    case .removed: return pieces.lazy.filter { !$0.isMatch }.map(\.range)
    case .contiguous: return joined(pieces) { $0 == $1 }
    case .mergedWithPrevious: return joined(pieces) { !$0 && $1 }
    case .mergedWithNext: return joined(pieces) { $0 && !$1 }
    }
  }

  /// Joins neighbours for which a rule on (first is match, second is match) holds.
  private func joined(
    _ pieces: [(range: Range<Int>, isMatch: Bool)], where rule: (Bool, Bool) -> Bool
  ) -> [Range<Int>] {
    var words: [Range<Int>] = []
    var previous: Bool?
    for piece in pieces {
      if let last = words.last, let previous, rule(previous, piece.isMatch) {
        words[words.count - 1] = last.lowerBound..<piece.range.upperBound
      } else {
        words.append(piece.range)
      }
      previous = piece.isMatch
    }
    return words
  }
}
