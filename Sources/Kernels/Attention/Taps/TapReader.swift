/// Takes one quantity out of a block's attention, tile by tile. Each head and segment writes its own memory, so that
/// they can run in parallel and the reduction over heads is in index order whatever the number of threads.
protocol TapReader: AnyObject, Sendable {
  /// Reads rows `queries` of head `head`.
  /// - Parameters:
  ///   - scores: [queries, keys], before or after softmax as the tap's scale says.
  ///   - stride: values between two rows.
  ///   - keys: what the queries see: the whole sequence, or their segment of it.
  func read(_ scores: UnsafePointer<Float>, stride: Int, head: Int, queries: Range<Int>, keys: Range<Int>)
  /// Whether it reads the row of this query. Rows that no tap reads need not be stored after softmax.
  func reads(query: Int) -> Bool
  /// The value that was taken; heads are reduced in index order.
  func result() -> TapValue
}

/// The readers of one block's taps.
struct TapReaders: Sendable {
  private let readers: [(tap: AttentionTap, reader: any TapReader)]

  init(_ taps: Set<AttentionTap>, heads: Int, tokens: Int, prefix: Int) {
    readers = taps.map { ($0, $0.reader(heads: heads, tokens: tokens, prefix: prefix)) }
  }

  func read(
    _ scores: UnsafePointer<Float>, scale: AttentionScale, stride: Int, head: Int, queries: Range<Int>,
    keys: Range<Int>
  ) {
    for (tap, reader) in readers where tap.scale == scale {
      reader.read(scores, stride: stride, head: head, queries: queries, keys: keys)
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

/// What a reader gathers: one number per head and token, initially zero. Freed with the reader.
final class HeadMemory<Element: Numeric & Sendable>: Sendable {
  // Threads write at the same time, each to the elements of its own heads and segments; it is read after all are done.
  private let shared: SharedSpan<Element>

  init(count: Int) {
    let elements = UnsafeMutableBufferPointer<Element>.allocate(capacity: count)
    elements.initialize(repeating: 0)
    shared = SharedSpan(writing: elements)
  }

  deinit { shared.all.deallocate() }

  var elements: UnsafeBufferPointer<Element> { shared.all }

  /// Sets one element.
  func set(_ value: Element, at index: Int) { shared.writable(index..<index + 1)[0] = value }

  fileprivate func place(at offset: Int, count: Int) -> UnsafeMutableBufferPointer<Element> {
    shared.writable(offset..<offset + count)
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
    VectorMath.add(UnsafeBufferPointer(start: row, count: count), to: place(at: offset, count: count))
  }
}

extension HeadMemory<Float> {
  /// Copies a row of floats to `offset`.
  func copy(_ row: UnsafePointer<Float>, to offset: Int, count: Int) {
    _ = place(at: offset, count: count).update(fromContentsOf: UnsafeBufferPointer(start: row, count: count))
  }
}
