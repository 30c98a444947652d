/// Takes one quantity out of a block's attention, tile by tile. Every head writes memory of its own, so that heads may run in
/// parallel and the reduction over heads is in index order whatever the number of threads.
protocol TapReader: AnyObject, Sendable {
  /// Reads rows `queries` of head `head`.
  /// - Parameters:
  ///   - scores: [queries, S], before or after softmax as the tap's scale says.
  ///   - stride: values between two rows.
  func read(_ scores: UnsafePointer<Float>, stride: Int, head: Int, queries: Range<Int>)
  /// Whether it reads the row of one query: the others need not be stored after softmax.
  func reads(query: Int) -> Bool
  /// What was taken; heads are reduced in their order.
  func result() -> TapValue
}

/// The readers of one block's taps.
struct TapReaders: Sendable {
  private let readers: [(tap: AttentionTap, reader: any TapReader)]

  init(_ taps: Set<AttentionTap>, heads: Int, tokens: Int, prefix: Int) {
    readers = taps.map { ($0, $0.reader(heads: heads, tokens: tokens, prefix: prefix)) }
  }

  func read(
    _ scores: UnsafePointer<Float>, scale: AttentionScale, stride: Int, head: Int, queries: Range<Int>
  ) {
    for (tap, reader) in readers where tap.scale == scale {
      reader.read(scores, stride: stride, head: head, queries: queries)
    }
  }

  /// Whether the row of a query is read after softmax.
  func needAttention(of query: Int) -> Bool {
    readers.contains { $0.tap.scale == .softmax && $0.reader.reads(query: query) }
  }

  func results() -> [AttentionTap: TapValue] {
    Dictionary(uniqueKeysWithValues: readers.map { ($0.tap, $0.reader.result()) })
  }
}

/// One number a head and token, zero at first: what a reader gathers. Freed with the reader.
final class HeadMemory<Element: Numeric>: @unchecked Sendable {
  // Unchecked: threads write it at once, each at the places of its own heads; it is read after all are done.
  let elements: UnsafeMutableBufferPointer<Element>

  init(count: Int) {
    elements = .allocate(capacity: max(count, 1))
    elements.initialize(repeating: 0)
  }

  deinit { elements.deallocate() }

  subscript(index: Int) -> Element {
    get { elements[index] }
    set { elements[index] = newValue }
  }
}

extension HeadMemory<Double> {
  /// The mean over heads of [heads, tokens], in head order: [tokens].
  func headMean(heads: Int, tokens: Int) -> [Double] {
    (0..<tokens).map { token in
      (0..<heads).reduce(0.0) { $0 + elements[$1 * tokens + token] } / Double(heads)
    }
  }

  /// Adds a row of floats at `offset`.
  func add(_ row: UnsafePointer<Float>, at offset: Int, count: Int) {
    guard let start = elements.baseAddress else { return }
    VectorMath.add(row, to: start + offset, count: count)
  }
}

extension HeadMemory<Float> {
  /// Copies a row of floats to `offset`.
  func copy(_ row: UnsafePointer<Float>, to offset: Int, count: Int) {
    for column in 0..<count { elements[offset + column] = row[column] }
  }
}
