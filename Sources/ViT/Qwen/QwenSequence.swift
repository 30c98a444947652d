import Basics

/// The patches of one view in the order of a Qwen tower's sequence: merge group after merge group, the patches of a
/// group in raster order. Groups are in raster order, or window after window.
struct QwenSequence {
  /// Row and column of each patch in the view's grid.
  private(set) var rows: [Int] = []
  private(set) var columns: [Int] = []
  /// Sequence positions of each window's patches; windows without patches are left out.
  private(set) var windows: [Range<Int>] = []
  /// The place in the sequence of each merge group, in raster order.
  let order: [Int]
  private let groupSize: Int

  /// Patches of the view that enter the tower.
  var patches: Int { rows.count }
  /// Merge groups: tokens of the decoder.
  var tokens: Int { order.count }

  /// - Parameters:
  ///   - patchGrid: of the whole view, in multiples of the merge.
  ///   - kept: merged cells, ascending, in raster order; nil: all. Windows keep their place and shrink.
  init(_ configuration: QwenVisionConfiguration, patchGrid: Grid, kept: [Int]? = nil) {
    let patchOrder = QwenPatchOrder(patchGrid: patchGrid, merge: configuration.mergeSize)
    let cells = patchOrder.groups
    let kept = kept ?? Array(0..<cells.count)
    precondition(
      kept.allSatisfy { (0..<cells.count).contains($0) } && zip(kept, kept.dropFirst()).allSatisfy(<),
      "kept cells ascend inside the view")
    groupSize = configuration.groupSize
    let side = configuration.windowCells ?? max(cells.rows, cells.columns)
    let windowColumns = (cells.columns + side - 1) / side
    func window(_ cell: Int) -> Int { cell / cells.columns / side * windowColumns + cell % cells.columns / side }
    // Stable: cells stay in raster order inside their window.
    let sequence = kept.indices.sorted { (window(kept[$0]), $0) < (window(kept[$1]), $1) }
    var order = [Int](repeating: 0, count: kept.count)
    for (place, index) in sequence.enumerated() { order[index] = place }
    self.order = order
    var last: Int?
    for (place, index) in sequence.enumerated() {
      let cell = kept[index]
      for patch in 0..<groupSize {
        let place = patchOrder.place(of: patch, in: cell)
        rows.append(place.row)
        columns.append(place.column)
      }
      let end = (place + 1) * groupSize
      if window(cell) == last {
        windows[windows.count - 1] = windows[windows.count - 1].lowerBound..<end
      } else {
        windows.append(place * groupSize..<end)
        last = window(cell)
      }
    }
  }

  /// The place in the sequence of each patch, groups in raster order.
  var patchOrder: [Int] { order.flatMap { place in (0..<groupSize).map { place * groupSize + $0 } } }
}
