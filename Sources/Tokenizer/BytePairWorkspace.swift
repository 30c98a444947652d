/// The symbols of one word, merged in place. Reused from word to word, so that encoding allocates nothing per word.
///
/// Symbols form a linked list and candidate merges a heap, so a word of n symbols takes O(n log n): for a tokenizer
/// without pre-tokenizer (LLaMA) a whole prompt is one word.
struct BytePairWorkspace {
  private(set) var symbols: [UInt32] = []
  private var previous: [Int32] = []
  private var next: [Int32] = []
  /// Candidates as rank << 32 | position: the smallest is the merge to do first, the leftmost among equals.
  private var heap: [UInt64] = []
  /// For tokens that are put together from several parts.
  var scratch: [UInt8] = []

  private static var none: Int32 { -1 }
  /// Marks a symbol that was merged into the one before it.
  private static var removed: Int32 { -2 }

  mutating func removeAll() { symbols.removeAll(keepingCapacity: true) }

  mutating func append(_ symbol: Int) { symbols.append(UInt32(symbol)) }

  /// Merges until no pair of neighbours has a merge, and appends the tokens that remain.
  mutating func merge(with table: MergeTable, into tokens: inout [Int]) {
    guard symbols.count > 1 else {
      tokens += symbols.lazy.map(Int.init)
      return
    }
    link()
    for position in 0..<symbols.count - 1 { addCandidate(at: position, table) }
    while let candidate = popCandidate() {
      apply(candidate, table)
    }
    var position: Int32 = 0
    while position >= 0 {
      tokens.append(Int(symbols[Int(position)]))
      position = next[Int(position)]
    }
  }

  private mutating func link() {
    previous.removeAll(keepingCapacity: true)
    next.removeAll(keepingCapacity: true)
    for position in 0..<Int32(symbols.count) {
      previous.append(position - 1)
      next.append(position + 1)
    }
    next[symbols.count - 1] = Self.none
    heap.removeAll(keepingCapacity: true)
  }

  private mutating func apply(_ candidate: UInt64, _ table: MergeTable) {
    let position = Int(UInt32(truncatingIfNeeded: candidate))
    let result = table.results[Int(candidate >> 32)]
    let right = next[position]
    guard right >= 0 else { return }
    // A candidate is stale when its pair has changed. The reference compares the result and not the rank, so a pair
    // that makes the same token may merge in a stale one's place; equal ids need the same rule.
    guard let rank = table.rank(symbols[position], symbols[Int(right)]), table.results[Int(rank)] == result else {
      return
    }
    symbols[position] = result
    let after = next[Int(right)]
    next[position] = after
    next[Int(right)] = Self.removed
    if after >= 0 {
      previous[Int(after)] = Int32(position)
      addCandidate(at: position, table)
    }
    if previous[position] >= 0 { addCandidate(at: Int(previous[position]), table) }
  }

  /// Considers the merge of the symbol at a position with the one after it.
  private mutating func addCandidate(at position: Int, _ table: MergeTable) {
    guard let rank = table.rank(symbols[position], symbols[Int(next[position])]) else { return }
    heap.append(UInt64(rank) << 32 | UInt64(position))
    var child = heap.count - 1
    while child > 0, heap[(child - 1) / 2] > heap[child] {
      heap.swapAt((child - 1) / 2, child)
      child = (child - 1) / 2
    }
  }

  private mutating func popCandidate() -> UInt64? {
    guard let last = heap.popLast() else { return nil }
    guard let first = heap.first else { return last }
    var parent = 0
    while true {
      var child = 2 * parent + 1
      guard child < heap.count else { break }
      if child + 1 < heap.count, heap[child + 1] < heap[child] { child += 1 }
      guard heap[child] < last else { break }
      heap[parent] = heap[child]
      parent = child
    }
    heap[parent] = last
    return first
  }
}
