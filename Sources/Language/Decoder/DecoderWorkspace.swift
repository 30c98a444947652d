import Kernels

/// The activations of one run of positions through the decoder: rooms of a pool, reused by every block and, when they
/// have gone back, by the next run. Where the last block keeps fewer rows, what stands after theirs is not used.
struct DecoderWorkspace: ~Copyable {
  private(set) var rows: Int
  private let width: Int
  /// The residual stream, [rows, width].
  var hidden: AlignedBuffer
  var normed: AlignedBuffer
  /// [rows, heads · headWidth].
  var queries: AlignedBuffer
  /// [rows, keyValueHeads · headWidth].
  var keys: AlignedBuffer
  var values: AlignedBuffer
  /// [rows, heads · headWidth].
  var context: AlignedBuffer
  /// [rows, feedForwardWidth].
  var gate: AlignedBuffer

  /// - Parameter hidden: [rows, width].
  init(_ configuration: DecoderConfiguration, hidden: [Float], from pool: WorkspacePool) {
    width = configuration.width
    let rows = hidden.count / configuration.width
    self.rows = rows
    self.hidden = AlignedBuffer(hidden, from: pool)
    func room(_ width: Int) -> AlignedBuffer { AlignedBuffer(count: rows * width, from: pool) }
    normed = room(configuration.width)
    queries = room(configuration.heads * configuration.headWidth)
    keys = room(configuration.keyValueHeads * configuration.headWidth)
    values = room(configuration.keyValueHeads * configuration.headWidth)
    context = room(configuration.heads * configuration.headWidth)
    gate = room(configuration.feedForwardWidth)
  }

  /// A copy of the last `count` rows of the residual stream.
  func hiddenRows(last count: Int) -> [Float] { hidden.values((rows - count) * width..<rows * width) }

  /// Forgets all but the last `count` rows of the residual stream and of what is normed.
  mutating func keepLast(_ count: Int) {
    hidden.moveToFront((rows - count) * width..<rows * width)
    normed.moveToFront((rows - count) * width..<rows * width)
    rows = count
  }

  /// Puts fewer rows in place of the residual stream's.
  mutating func reduce(to reduced: [ReducedRows.Row]) {
    precondition(reduced.count <= rows, "a reduction does not add rows")
    let before = hidden.values(0..<rows * width)
    for (index, row) in reduced.enumerated() {
      hidden.replace(from: index * width, with: row.values(of: before, width: width))
    }
    rows = reduced.count
  }
}
