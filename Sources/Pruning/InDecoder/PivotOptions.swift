import Kernels

/// DART's choice: tokens that are least like the pivots.
struct PivotOptions: Sendable {
  /// In which order pivots take tokens: as Python visits a set of their positions, or by length.
  enum Order: String, CaseIterable { case released, length }

  static let descriptions = [
    imageOption.description, textOption.description, layerOption.description, orderOption.description,
  ]

  private static let imageOption = StrategyOption.integer(
    "image_pivots", default: 4, in: 0...4096, "visual tokens with the longest keys, which are kept")
  private static let textOption = StrategyOption.integer(
    "text_pivots", default: 4, in: 0...4096, "tokens with the longest keys after the picture")
  private static let layerOption = StrategyOption.integer(
    "layer", default: 2, in: 1...4096, "the decoder block that runs on kept tokens first")
  private static let orderOption = StrategyOption.choice(
    "order", default: Order.released, "the order in which pivots take tokens", released: .released, corrected: .length)

  let image: Int
  let text: Int
  /// The first block that runs without the dropped rows.
  let layer: Int
  private let order: Order

  var count: Int { image + text }

  init(strategy: String, options: inout StrategyOptions) throws(PruningError) {
    image = try options.value(Self.imageOption)
    text = try options.value(Self.textOption)
    layer = try options.value(Self.layerOption)
    order = try options.value(Self.orderOption)
    guard image + text > 0 else {
      throw .invalidOption("image_pivots", value: "0", strategy: strategy, expected: "at least 1 without text_pivots")
    }
  }

  /// For the canonical spec.
  var spelled: [StrategySpec.Option] {
    [
      .init(name: "image_pivots", value: "\(image)"), .init(name: "text_pivots", value: "\(text)"),
      .init(name: "layer", value: "\(layer)"), .init(name: "order", value: order.rawValue),
    ]
  }

  /// How many of `rows` are kept where `asked` are asked for: the pivots, and equal shares beside them. The cap keeps
  /// the last pivots from finding nothing left.
  func kept(of rows: Int, asked: Int) -> Int { image + max(0, min(asked, rows - image)) / count * count }

  /// - Parameters:
  ///   - share: how many tokens each pivot takes.
  ///   - span: positions of the picture's rows.
  ///   - text: positions of the text after it, ascending; where there are fewer than pivots, all of them are pivots.
  ///   - keys: of all positions, [positions, heads · headWidth].
  ///   - states: of all positions, [positions, width].
  /// - Returns: kept positions of the span, ascending.
  func choose(
    taking share: Int, from span: Range<Int>, text: [Int], keys: Matrix, states: Matrix, workers: Workers
  ) -> [Int] {
    let lengths = (0..<keys.rows).map { keys.row($0).reduce(0.0) { $0 + Double(abs($1)) } }
    let own = Ranking.top(image, of: lengths, among: Array(span))
    let pivots = own + Ranking.top(self.text, of: lengths, among: text)
    let known = Set(own)
    var free = span.filter { !known.contains($0) }
    var kept = own
    let visited = order == .released ? PythonSet.order(of: pivots) : pivots
    let cosines = ExactSimilarity.cosines(of: states.selecting(visited), and: states.rows(span), workers: workers)
    for pivot in visited.indices {
      let unlike = free.map { -cosines[pivot, $0 - span.lowerBound] }
      let taken = Ranking.top(share, of: unlike).map { free[$0] }
      kept += taken
      let gone = Set(taken)
      free.removeAll { gone.contains($0) }
    }
    return kept.sorted()
  }
}
