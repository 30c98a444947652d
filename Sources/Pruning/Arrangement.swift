import Basics

/// How the rows of a picture's views become one sequence. The family passes it in, so that strategies need not know
/// families.
public struct Arrangement: Sendable, Hashable {
  public enum Part: Sendable, Hashable {
    /// The class token of a view, which is always sent and does not count against the budget.
    case classToken(view: Int)
    /// A view's rows in the order of its plan.
    case view(Int)
    /// Several views in their common raster.
    case raster(ViewRaster)
  }

  public let parts: [Part]

  public init(_ parts: [Part]) { self.parts = parts }

  /// The views one after another.
  public static func inOrder(views: Int) -> Arrangement { Arrangement((0..<views).map { .view($0) }) }

  /// The first view, then the others in the raster of `crops`, padding included, without separators.
  public static func thumbnailAndRaster(of crops: Grid, grid: Grid) -> Arrangement {
    Arrangement([.view(0), .raster(ViewRaster(crops: crops, grid: grid))])
  }
}

/// Views that tile one area: row y of view 1, row y of view 2, …, for the views that are side by side.
public struct ViewRaster: Sendable, Hashable {
  /// The view in the upper left corner; the others follow row by row.
  public let first: Int
  /// Rows and columns of views.
  public let crops: Grid
  /// Tokens of each view.
  public let grid: Grid
  /// Rows and columns of the common raster that are sent; what lies outside (padding) is not.
  public let rows: Range<Int>
  public let columns: Range<Int>
  /// Whether a separator ends each row.
  public let separatesRows: Bool

  /// The whole raster, or `area` of it.
  public init(first: Int = 1, crops: Grid, grid: Grid, area: UnpaddedArea? = nil, separatesRows: Bool = false) {
    self.first = first
    self.crops = crops
    self.grid = grid
    rows = area?.rows ?? 0..<crops.rows * grid.rows
    columns = area?.columns ?? 0..<crops.columns * grid.columns
    self.separatesRows = separatesRows
  }

  /// Row and column in the common raster of token `token` of crop number `crop`.
  public func place(of token: Int, inCrop crop: Int) -> (row: Int, column: Int) {
    (
      crop / crops.columns * grid.rows + token / grid.columns,
      crop % crops.columns * grid.columns + token % grid.columns
    )
  }

  /// Whether a token of a crop is sent. A class token and merged rows without a place are always sent.
  func sends(_ token: Int, inCrop crop: Int) -> Bool {
    guard token >= 0 else { return true }
    let place = place(of: token, inCrop: crop)
    return rows.contains(place.row) && columns.contains(place.column)
  }
}

extension Arrangement {
  /// The views' plans as one sequence. Rows that an arrangement does not send are removed from their plans.
  func sequence(of plans: [ViewPlan]) -> (views: [ViewPlan], sequence: [SequenceItem]) {
    var views = plans
    var sequence: [SequenceItem] = []
    for part in parts {
      switch part {
      case .classToken(let view): sequence.append(.classToken(view: view))
      case .view(let view): sequence += (0..<views[view].rows).map { .row(view: view, row: $0) }
      case .raster(let raster):
        for crop in 0..<raster.crops.count {
          let view = raster.first + crop
          views[view] = views[view].keepingRows { raster.sends($0, inCrop: crop) }
        }
        sequence += raster.sequence(of: views)
      }
    }
    return (views, sequence)
  }
}

extension ViewRaster {
  /// The views' rows in raster order, those without a place last.
  fileprivate func sequence(of views: [ViewPlan]) -> [SequenceItem] {
    var lines = [[(column: Int, item: SequenceItem)]](repeating: [], count: crops.rows * grid.rows)
    var placeless: [SequenceItem] = []
    for crop in 0..<crops.count {
      let view = first + crop
      for (row, anchor) in views[view].anchors.enumerated() {
        let item = SequenceItem.row(view: view, row: row)
        guard anchor >= 0 else {
          placeless.append(item)
          continue
        }
        let place = place(of: anchor, inCrop: crop)
        lines[place.row].append((place.column, item))
      }
    }
    // Swift's sort is stable: rows with the same anchor stay in the plan's order.
    let sorted = rows.flatMap { row in
      lines[row].sorted { $0.column < $1.column }.map(\.item) + (separatesRows ? [.separator] : [])
    }
    return sorted + placeless
  }
}
