/// Rows of a sequence after some were dropped or merged: a sparse map from the longer sequence to the shorter one.
public struct ReducedRows: Sendable, Hashable {
  /// One of them: `scale` times the sum of some of the rows before.
  public struct Row: Sendable, Hashable {
    public let sources: [Int]
    public let scale: Double

    /// A row that stays as it is, bit for bit.
    public init(keeping row: Int) {
      sources = [row]
      scale = 1
    }

    public init(merging sources: [Int], scale: Double) {
      self.sources = sources
      self.scale = scale
    }

    /// The row's values, from [rows, width]: sums in double, in the order of `sources`.
    public func values(of rows: [Float], width: Int) -> [Float] {
      if sources.count == 1, scale == 1 { return Array(rows[sources[0] * width..<(sources[0] + 1) * width]) }
      return (0..<width).map { channel in
        Float(sources.reduce(0.0) { $0 + Double(rows[$1 * width + channel]) } * scale)
      }
    }
  }

  /// In the order of the sequence.
  public let rows: [Row]
  /// The rotary position of each.
  public let positions: [Position]

  public init(rows: [Row], positions: [Position]) {
    precondition(!rows.isEmpty && positions.count == rows.count, "one position a row")
    self.rows = rows
    self.positions = positions
  }
}
