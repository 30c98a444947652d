/// What to take out of one block's attention while its rows are in cache. No map of all heads is stored unless `maps`
/// or `logitMaps` ask for it.
public struct AttentionTapRequest: Sendable, Hashable {
  /// The first sequence position's row after softmax.
  public var classRow = false
  /// The first sequence position's row before softmax.
  public var classLogitRow = false
  /// Column sums over every query.
  public var receivedFromAll = false
  /// Column sums over the queries after the prefix.
  public var receivedFromPatches = false
  /// Row and column sums of the patch–patch block after softmax.
  public var patchSums = false
  /// Row and column sums of the patch–patch block before softmax.
  public var patchLogitSums = false
  /// The whole map after softmax.
  public var maps = false
  /// The whole map before softmax.
  public var logitMaps = false

  public init(classRow: Bool = false, receivedFromAll: Bool = false) {
    self.classRow = classRow
    self.receivedFromAll = receivedFromAll
  }

  public static let nothing = AttentionTapRequest()

  fileprivate var readsLogits: Bool { classLogitRow || patchLogitSums || logitMaps }

  /// Whether the row of one query is read after softmax.
  func readsAttention(of query: Int) -> Bool {
    maps || receivedFromAll || receivedFromPatches || patchSums || (classRow && query == 0)
  }
}

/// Head means of the patch–patch block's sums, in double.
public struct PatchSums: Sendable, Hashable {
  /// Σ over patch queries, one entry a patch key.
  public var received: [Double]
  /// Σ over patch keys, one entry a patch query.
  public var given: [Double]
}

/// What was asked for of one block; the rest is empty. S tokens, of which the first `prefix` are no patches; N = S −
/// prefix.
public struct AttentionTaps: Sendable {
  /// [heads, S].
  public var classRow: Matrix?
  /// [heads, S].
  public var classLogitRow: Matrix?
  /// Head mean, [S].
  public var receivedFromAll: [Double]?
  /// Head mean, [S].
  public var receivedFromPatches: [Double]?
  /// Head means, [N] each.
  public var patchSums: PatchSums?
  /// Head means, [N] each.
  public var patchLogitSums: PatchSums?
  /// [heads · S, S].
  public var maps: Matrix?
  /// [heads · S, S].
  public var logitMaps: Matrix?

  public init() {}
}

/// Collects one block's taps: every head writes memory of its own, so that heads may run in parallel and the reduction
/// over heads is in index order whatever the number of threads.
struct TapCollector: Sendable {
  let request: AttentionTapRequest
  let heads: Int
  let tokens: Int
  let prefix: Int
  private let classRows: SharedSpan<Float>
  private let classLogitRows: SharedSpan<Float>
  private let allSums: SharedSpan<Double>
  private let patchQuerySums: SharedSpan<Double>
  private let given: SharedSpan<Double>
  private let logitReceived: SharedSpan<Double>
  private let logitGiven: SharedSpan<Double>
  private let maps: SharedSpan<Float>
  private let logitMaps: SharedSpan<Float>

  init(request: AttentionTapRequest, heads: Int, tokens: Int, prefix: Int) {
    self.request = request
    self.heads = heads
    self.tokens = tokens
    self.prefix = prefix
    let rows = heads * tokens
    classRows = Self.zeros(request.classRow ? rows : 0)
    classLogitRows = Self.zeros(request.classLogitRow ? rows : 0)
    allSums = Self.zeros(request.receivedFromAll ? rows : 0)
    patchQuerySums = Self.zeros(request.receivedFromPatches || request.patchSums ? rows : 0)
    given = Self.zeros(request.patchSums ? rows : 0)
    logitReceived = Self.zeros(request.patchLogitSums ? rows : 0)
    logitGiven = Self.zeros(request.patchLogitSums ? rows : 0)
    maps = Self.zeros(request.maps ? rows * tokens : 0)
    logitMaps = Self.zeros(request.logitMaps ? rows * tokens : 0)
  }

  func release() {
    for buffer in [classRows, classLogitRows, maps, logitMaps] { buffer.all.deallocate() }
    for buffer in [allSums, patchQuerySums, given, logitReceived, logitGiven] { buffer.all.deallocate() }
  }

  /// Reads rows `queries` of head `head` before softmax; `scores` is [queries, tokens], `stride` values between rows.
  func readLogits(_ scores: UnsafePointer<Float>, stride: Int, head: Int, queries: Range<Int>) {
    guard request.readsLogits else { return }
    for query in queries {
      let row = scores + (query - queries.lowerBound) * stride
      if query == 0 { copy(row, into: classLogitRows, at: head * tokens) }
      if logitMaps.count > 0 { copy(row, into: logitMaps, at: (head * tokens + query) * tokens) }
      if query >= prefix { addPatchRow(row, head: head, query: query, received: logitReceived, given: logitGiven) }
    }
  }

  /// Reads the same rows after softmax.
  func readAttention(_ scores: UnsafePointer<Float>, stride: Int, head: Int, queries: Range<Int>) {
    guard request != .nothing else { return }
    for query in queries {
      let row = scores + (query - queries.lowerBound) * stride
      if query == 0 { copy(row, into: classRows, at: head * tokens) }
      if maps.count > 0 { copy(row, into: maps, at: (head * tokens + query) * tokens) }
      if allSums.count > 0 { add(row, to: allSums, head: head) }
      if query >= prefix { addPatchRow(row, head: head, query: query, received: patchQuerySums, given: given) }
    }
  }

  /// Head means, in head order.
  func result() -> AttentionTaps {
    var taps = AttentionTaps()
    taps.classRow = request.classRow ? Matrix(rows: heads, columns: tokens, values: Array(classRows.all)) : nil
    taps.classLogitRow =
      request.classLogitRow ? Matrix(rows: heads, columns: tokens, values: Array(classLogitRows.all)) : nil
    taps.receivedFromAll = request.receivedFromAll ? headMean(allSums) : nil
    taps.receivedFromPatches = request.receivedFromPatches ? headMean(patchQuerySums) : nil
    if request.patchSums { taps.patchSums = patchSums(patchQuerySums, given) }
    if request.patchLogitSums { taps.patchLogitSums = patchSums(logitReceived, logitGiven) }
    taps.maps = request.maps ? Matrix(rows: heads * tokens, columns: tokens, values: Array(maps.all)) : nil
    taps.logitMaps =
      request.logitMaps ? Matrix(rows: heads * tokens, columns: tokens, values: Array(logitMaps.all)) : nil
    return taps
  }

  private func addPatchRow(
    _ row: UnsafePointer<Float>, head: Int, query: Int, received: SharedSpan<Double>, given: SharedSpan<Double>
  ) {
    if received.count > 0 { add(row, to: received, head: head) }
    guard given.count > 0 else { return }
    let place = head * tokens + query
    given.writable(place..<place + 1)[0] = VectorMath.sum(
      UnsafeBufferPointer(start: row + prefix, count: tokens - prefix))
  }

  private func add(_ row: UnsafePointer<Float>, to sums: SharedSpan<Double>, head: Int) {
    VectorMath.add(
      UnsafeBufferPointer(start: row, count: tokens), to: sums.writable(head * tokens..<(head + 1) * tokens))
  }

  private func copy(_ row: UnsafePointer<Float>, into buffer: SharedSpan<Float>, at offset: Int) {
    guard buffer.count > 0 else { return }
    _ = buffer.writable(offset..<offset + tokens)
      .update(fromContentsOf: UnsafeBufferPointer(start: row, count: tokens))
  }

  private func headMean(_ sums: SharedSpan<Double>) -> [Double] {
    (0..<tokens).map { token in
      (0..<heads).reduce(0.0) { $0 + sums.all[$1 * tokens + token] } / Double(heads)
    }
  }

  private func patchSums(_ received: SharedSpan<Double>, _ given: SharedSpan<Double>) -> PatchSums {
    PatchSums(received: Array(headMean(received)[prefix...]), given: Array(headMean(given)[prefix...]))
  }

  private static func zeros<Element: Numeric>(_ count: Int) -> SharedSpan<Element> {
    let buffer = UnsafeMutableBufferPointer<Element>.allocate(capacity: count)
    buffer.initialize(repeating: 0)
    return SharedSpan(writing: buffer)
  }
}
