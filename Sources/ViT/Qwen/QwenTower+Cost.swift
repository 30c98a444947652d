import Basics

extension QwenTower {
  /// The merger is the caller's: only kept rows pass through it.
  public func cost(of patchGrid: Grid, kept: [Int]?, schedule: [Int]?) -> TowerCost {
    precondition(schedule == nil, "this tower needs every row for its merge groups")
    let sequence = QwenSequence(configuration, patchGrid: patchGrid, kept: kept)
    let depth = configuration.depth
    let (width, inner) = (configuration.width, configuration.feedForwardWidth)
    let rows = Double(sequence.patches)
    let products = [
      TowerCost.Product(inputs: width, outputs: width, count: 4 * depth),
      .init(inputs: width, outputs: inner, count: (configuration.isGated ? 2 : 1) * depth),
      .init(inputs: inner, outputs: width, count: depth),
    ]
    let weights = products.reduce(0.0) { $0 + Double($1.inputs) * Double($1.outputs) * Double($1.count) }
    let fullBlocks = (0..<depth).count(where: configuration.isFull(block:))
    let windowPairs = sequence.windows.reduce(0.0) { $0 + Double($1.count) * Double($1.count) }
    let pairs = Double(fullBlocks) * rows * rows + Double(depth - fullBlocks) * windowPairs
    return TowerCost(
      rows: sequence.patches, linear: 2 * rows * (weights + Double(configuration.patchValues) * Double(width)),
      attention: 4 * pairs * Double(width), products: products)
  }
}
