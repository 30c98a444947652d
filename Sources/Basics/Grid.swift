/// A grid of patches or of merge groups, in raster order (row by row).
public struct Grid: Sendable, Hashable, CustomStringConvertible {
  public let rows: Int
  public let columns: Int

  public init(rows: Int, columns: Int) {
    precondition(rows > 0 && columns > 0, "a grid has at least one cell")
    self.rows = rows
    self.columns = columns
  }

  /// Number of cells.
  public var count: Int { rows * columns }

  /// The command line's spelling, rows × columns: "24x24".
  public var description: String { "\(rows)x\(columns)" }

  /// Reads "ROWSxCOLUMNS"; nil for anything else.
  public init?(parsing text: some StringProtocol) {
    let parts = text.split(separator: "x", omittingEmptySubsequences: false)
    guard parts.count == 2, let rows = Int(parts[0]), let columns = Int(parts[1]),
      (1...65_536).contains(rows), (1...65_536).contains(columns), "\(rows)x\(columns)" == text
    else { return nil }
    self.init(rows: rows, columns: columns)
  }
}
