/// Products of the same rows with one or more packed matrices, cut into items that threads take one by one.
struct PackedProduct: Sendable {
  /// Where one matrix's product goes.
  struct Target: Sendable {
    let weights: PackedWeights
    let bias: WeightBuffer?
    /// [rows, outputs].
    let output: SharedSpan<Float>
    var activation: Activation?
    var accumulate = false
    /// For gated layers, which have an activation: output = activation(product) · (product with these).
    var factor: (weights: PackedWeights, bias: WeightBuffer?)?
  }

  let engine: ProductEngine
  let targets: [Target]
  let rows: Int
  var grouping = RowGrouping.together

  /// The number of rows that decides which kernels multiply, and how work is cut for those whose sums depend on it.
  private var decidingRows: Int { grouping == .eachAlone ? min(rows, 1) : rows }

  /// A part of the work: a few panels of one target, for some of the rows.
  private struct Item: Sendable {
    let target: Int
    let panels: Range<Int>
    let rows: Range<Int>
  }

  /// One thread's memory.
  private final class Lane {
    let products: ProductLane
    /// The second product of gated layers, [rows of the block, width of the stretch].
    let factors: Workspace<Float>

    init(_ product: PackedProduct, panels: Int, model: PackedWeights, workspaces: WorkspacePool) {
      let block = min(product.rows, product.step)
      let isGated = product.targets.contains { $0.factor != nil }
      products = ProductLane(
        product.engine, model: model, rows: product.decidingRows, block: block, panels: panels, isGated: isGated,
        workspaces: workspaces)
      factors = workspaces.take(isGated ? block * panels * PackedWeights.panelWidth : 0)
    }
  }

  /// input is [rows, inputs] of every target.
  func run(_ input: SharedSpan<Float>, workers: Workers) {
    guard rows > 0, let model = targets.first?.weights else { return }
    precondition(
      targets.allSatisfy { $0.weights.format == model.format && $0.weights.inputs == model.inputs },
      "layers that share rows have one format")
    precondition(
      targets.allSatisfy { target in
        target.factor.map {
          target.activation != nil && $0.weights.format == model.format && $0.weights.inputs == model.inputs
            && $0.weights.outputs == target.weights.outputs
        } ?? true
      }, "a gated layer has an activation, and what it gates its shape")
    let prepared = PreparedRows(
      input, rows: rows, inputs: model.inputs, form: form(of: model.format), padded: model.paddedInputs,
      rotation: model.rotation, workers: workers)
    let input = prepared.rows
    let items = isFused ? fusedItems(workers) : libraryItems()
    let widest = items.map(\.panels.count).max() ?? 0
    workers.forEach(
      items.count, lane: { Lane(self, panels: widest, model: model, workspaces: workers.workspaces) }
    ) { lane, item in run(items[item], input, lane) }
    withExtendedLifetime(prepared) {}
  }

  private func form(of format: NumberFormat) -> PreparedRows.Form {
    switch format {
    case .f32: .plain
    case .bf16: engine.isNative(.bf16) ? .bf16 : .plain
    case .int8: engine.isNative(.int8) ? .int8 : .rotated
    }
  }

  private var isFused: Bool { targets.first.map { engine.isFused($0.weights.format, rows: decidingRows) } ?? false }

  /// Rows of one call: all of an item's with our own kernels; else as many as keep their sums in cache for the pass
  /// that finishes them: 128 rows of 256 sums are 128 kB.
  private var step: Int {
    isFused ? Self.fusedRows(targets[0].weights) : grouping == .eachAlone ? 1 : 128
  }

  /// Items for our own kernels, whose sums do not depend on how work is cut: one panel each, so that threads finish
  /// together. Each panel reads the rows from the last-level cache again, so an item takes only so many rows.
  private func fusedItems(_ workers: Workers) -> [Item] {
    guard rows > Self.fewRows else { return rowItems(workers) }
    let most = Self.fusedRows(targets[0].weights)
    let blocks = (rows + most - 1) / most
    let groups = (rows + blocks * FusedProducts.groupRows - 1) / (blocks * FusedProducts.groupRows)
    let size = groups * FusedProducts.groupRows
    return stride(from: 0, to: rows, by: size).flatMap { start in
      targets.enumerated().flatMap { index, target in
        (0..<target.weights.panels).map { panel in
          Item(target: index, panels: panel..<panel + 1, rows: start..<min(start + size, rows))
        }
      }
    }
  }

  /// Up to so many rows, products wait for weights rather than for arithmetic.
  private static let fewRows = 8

  /// Items for few rows. Weights are read at memory speed, which long stretches reach best; each thread gets a few, so
  /// that threads finish together.
  private func rowItems(_ workers: Workers) -> [Item] {
    let size = max(1, targets.reduce(0) { $0 + $1.weights.panels } / (4 * workers.count))
    return stretches { _ in size }
  }

  /// Items for the library: stretches of outputs whose weights stay in half of a usual second-level cache while all
  /// rows pass. They depend on shapes alone, never on the number of threads, so sums are taken in the same order and
  /// answers are bit-identical for any number of threads.
  private func libraryItems() -> [Item] {
    let total = targets.reduce(0) { $0 + $1.weights.panels }
    // Enough stretches for a dozen cores; fewer for a single row, where a stretch costs more in overhead than in work.
    let fair = max(1, total / (decidingRows == 1 ? 8 : 16))
    return stretches { max(1, min((1 << 19) / max(1, $0.panelBytes), fair, 8)) }
  }

  /// All rows of every target, `size` panels per item.
  private func stretches(_ size: (PackedWeights) -> Int) -> [Item] {
    targets.enumerated().flatMap { index, target in
      let size = size(target.weights)
      return stride(from: 0, to: target.weights.panels, by: size).map { start in
        Item(target: index, panels: start..<min(start + size, target.weights.panels), rows: 0..<rows)
      }
    }
  }

  /// Four megabytes of prepared rows (more if rows are very wide), in whole groups of those that our own kernels take
  /// at once.
  private static func fusedRows(_ weights: PackedWeights) -> Int {
    let (group, leastGroups) = (FusedProducts.groupRows, 21)
    let size = FusedProducts.widened.contains(weights.format) ? 4 : weights.format.size
    return max(leastGroups, (4 << 20) / (weights.paddedInputs * size) / group) * group
  }

  private func run(_ item: Item, _ input: ProductRows, _ lane: Lane) {
    let target = targets[item.target]
    let first = item.panels.lowerBound * PackedWeights.panelWidth
    let count = min(item.panels.count * PackedWeights.panelWidth, target.weights.outputs - first)
    lane.products.load(target.weights, item.panels, into: 0)
    if let factor = target.factor { lane.products.load(factor.weights, item.panels, into: 1) }
    for start in stride(from: item.rows.lowerBound, to: item.rows.upperBound, by: step) {
      let block = Block(
        target.output, from: start * target.weights.outputs + first, stride: target.weights.outputs,
        rows: min(step, item.rows.upperBound - start), count: count)
      multiply(target, input.dropFirst(start), item.panels, block, lane)
    }
  }

  /// The second product of gated layers comes first, so that the first can be finished with it.
  private func multiply(
    _ target: Target, _ rows: ProductRows, _ panels: Range<Int>, _ block: Block, _ lane: Lane
  ) {
    var finish = ProductFinish(accumulate: target.accumulate, activation: target.activation)
    if let factor = target.factor {
      let memory = lane.factors.elements.part(0..<block.rows * block.count)
      let factors = Block(memory, stride: block.count, rows: block.rows, count: block.count)
      lane.products.multiply(
        rows, factor.weights, panels, slot: 1, bias: factor.bias, into: factors, ProductFinish())
      finish.factors = Factors(values: memory.all, stride: block.count)
    }
    lane.products.multiply(rows, target.weights, panels, slot: 0, bias: target.bias, into: block, finish)
  }
}
