import Basics

/// Adaptive average pooling of the features to fewer cells, each placed at its middle. Sends a grid of about the view's
/// shape that fits the budget, so often a few tokens fewer.
struct Downsample: ViewStrategy {
  static let name = "downsample"
  static let summary = "pools the features to a coarser grid (baseline)"

  init(options: inout StrategyOptions) throws(PruningError) {}

  func evidence(on tower: TowerDescription) -> Evidence { .none }

  var readsGrid: Bool { true }

  func resolved(on tower: TowerDescription) -> StrategySpec { StrategySpec(name: Self.name, options: []) }

  func decide(_ view: ViewInput, keeping share: Int, in context: inout PlanContext) -> ViewDecision {
    let grid = view.grid
    let cells = Self.cells(of: grid, keeping: share)
    var rowStarts = [0]
    var sources: [Int] = []
    var weights: [Float] = []
    var anchors: [Int] = []
    for cellRow in 0..<cells.rows {
      let rows = Self.bin(cellRow, of: cells.rows, over: grid.rows)
      for cellColumn in 0..<cells.columns {
        let columns = Self.bin(cellColumn, of: cells.columns, over: grid.columns)
        for row in rows { sources += columns.map { row * grid.columns + $0 } }
        let size = rows.count * columns.count
        weights += [Float](repeating: 1 / Float(size), count: size)
        rowStarts.append(sources.count)
        anchors.append(Self.middle(of: rows) * grid.columns + Self.middle(of: columns))
      }
    }
    return ViewDecision(plan: ViewPlan(rowStarts: rowStarts, sources: sources, weights: weights, anchors: anchors))
  }

  /// As many rows as keep the grid's shape, then as many columns as the budget allows.
  static func cells(of grid: Grid, keeping share: Int) -> Grid {
    let shaped = Int((Double(share * grid.rows) / Double(grid.columns)).squareRoot())
    // A very narrow grid would ask for more rows than the budget has tokens, a very flat one for more columns than
    // there are: each row needs a token, and pooling never doubles one.
    let rows = max(1, min(shaped, share))
    return Grid(rows: rows, columns: min(share / rows, grid.columns))
  }

  /// The places that cell `index` of `cells` averages: PyTorch's `adaptive_avg_pool`, whose bins may overlap.
  static func bin(_ index: Int, of cells: Int, over length: Int) -> Range<Int> {
    index * length / cells..<((index + 1) * length + cells - 1) / cells
  }

  private static func middle(of bin: Range<Int>) -> Int { (bin.lowerBound + bin.upperBound) / 2 }
}
