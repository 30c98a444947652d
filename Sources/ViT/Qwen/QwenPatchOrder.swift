import Basics

/// The order of patches in Qwen's sequences: merge group after merge group, the patches of a group in raster order.
public struct QwenPatchOrder: Sendable {
  /// The view's merge groups in rows and columns.
  public let groups: Grid
  private let merge: Int

  /// Patches of a group.
  public var groupSize: Int { merge * merge }

  /// - Parameter patchGrid: of the view, in multiples of `merge`.
  public init(patchGrid: Grid, merge: Int) {
    precondition(
      merge > 0 && patchGrid.rows % merge == 0 && patchGrid.columns % merge == 0,
      "a view is cut into whole merge groups")
    groups = Grid(rows: patchGrid.rows / merge, columns: patchGrid.columns / merge)
    self.merge = merge
  }

  /// Where patch `member` of a group stands in the view's grid.
  /// - Parameter group: in raster order.
  public func place(of member: Int, in group: Int) -> (row: Int, column: Int) {
    (group / groups.columns * merge + member / merge, group % groups.columns * merge + member % merge)
  }
}
