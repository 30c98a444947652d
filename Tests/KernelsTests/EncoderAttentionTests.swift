import Kernels
import TestSupport
import Testing

@Suite struct `Encoder attention` {
  struct Shape: CustomTestStringConvertible {
    let tokens: Int
    let prefix: Int
    var heads = 3
    var headWidth = 10
    var testDescription: String { "\(tokens) tokens, prefix \(prefix), \(heads) heads of \(headWidth)" }

    static let all =
      [1, 2, 63, 64, 65, 130].flatMap { tokens in
        (0...2).filter { $0 <= tokens }.map { Shape(tokens: tokens, prefix: $0) }
      } + [
        Shape(tokens: 65, prefix: 1, heads: 1, headWidth: 1), Shape(tokens: 17, prefix: 1, heads: 12, headWidth: 64),
      ]
  }

  struct Operands {
    let shape: Shape
    let queries: [Float]
    let keys: [Float]
    let values: [Float]
    let naive: NaiveAttention

    init(_ shape: Shape) {
      var numbers = TestNumbers(seed: UInt64(shape.tokens * 10 + shape.prefix))
      let size = shape.tokens * shape.heads * shape.headWidth
      self.shape = shape
      // Logits spread over about ±10, so that maps have peaks.
      queries = numbers.floats(size, in: -3...3)
      keys = numbers.floats(size, in: -3...3)
      values = numbers.floats(size)
      naive = NaiveAttention(
        queries: queries, keys: keys, values: values, tokens: shape.tokens, heads: shape.heads,
        headWidth: shape.headWidth, prefix: shape.prefix)
    }

    var attention: EncoderAttention {
      EncoderAttention(heads: shape.heads, headWidth: shape.headWidth, prefix: shape.prefix)
    }

    func run(_ taps: Set<AttentionTap>, workers: Int) -> (context: [Float], taps: [AttentionTap: TapValue]) {
      var context = [Float](repeating: .nan, count: queries.count)
      let found = attention.apply(
        queries: queries, keys: keys, values: values, tokens: shape.tokens, into: &context, taps: taps,
        workers: Workers(count: workers))
      return (context, found)
    }
  }

  /// Every tap that the shape can give: a class row needs a class token.
  static func everything(_ shape: Shape) -> Set<AttentionTap> {
    let always: Set<AttentionTap> = [
      .received(.all), .received(.patches), .patchSums(.softmax), .patchSums(.logits), .map(.softmax), .map(.logits),
    ]
    return shape.prefix > 0 ? always.union([.classRow(.softmax), .classRow(.logits)]) : always
  }

  @Test(arguments: Shape.all)
  func `context and every tap equal the naive map's, in double`(_ shape: Shape) throws {
    let operands = Operands(shape)
    let naive = operands.naive
    let (context, taps) = operands.run(Self.everything(shape), workers: 1)
    func expect(_ actual: [Float]?, _ expected: [Double], _ tolerance: Float, _ label: String) throws {
      expectClose(
        actual: try #require(actual), expected: expected.map(Float.init), tolerance: tolerance, label: label)
    }
    try expect(context, naive.context, Tolerances.attentionKernel, "context")
    try expect(taps[.map(.softmax)]?.rows?.values, naive.maps.flatMap { $0 }, Tolerances.attentionKernel, "maps")
    try expect(taps[.map(.logits)]?.rows?.values, naive.logits.flatMap { $0 }, Tolerances.attentionSums, "logit maps")
    if shape.prefix > 0 {
      try expect(
        taps[.classRow(.softmax)]?.rows?.values, naive.maps.flatMap { $0.prefix(shape.tokens) },
        Tolerances.attentionKernel, "class row")
      try expect(
        taps[.classRow(.logits)]?.rows?.values, naive.logits.flatMap { $0.prefix(shape.tokens) },
        Tolerances.attentionSums, "class logits")
    }
    let all = naive.received(naive.maps, queries: 0..<shape.tokens)
    try expect(taps[.received(.all)]?.sums?.map(Float.init), all, Tolerances.attentionSums, "received from all")
    let fromPatches = naive.received(naive.maps, queries: naive.patches)
    try expect(
      taps[.received(.patches)]?.sums?.map(Float.init), fromPatches, Tolerances.attentionSums, "received from patches")
    let sums = try #require(taps[.patchSums(.softmax)]?.patchSums)
    try expect(
      sums.received.map(Float.init), Array(fromPatches.dropFirst(shape.prefix)), Tolerances.attentionSums,
      "patch columns")
    try expect(sums.given.map(Float.init), naive.given(naive.maps), Tolerances.attentionSums, "patch rows")
    let logitSums = try #require(taps[.patchSums(.logits)]?.patchSums)
    let logitColumns = naive.received(naive.logits, queries: naive.patches).dropFirst(shape.prefix)
    try expect(logitSums.received.map(Float.init), Array(logitColumns), Tolerances.logitSums, "patch logit columns")
    try expect(logitSums.given.map(Float.init), naive.given(naive.logits), Tolerances.logitSums, "patch logit rows")
  }

  @Test(arguments: Shape.all)
  func `taps do not depend on the number of workers, bit for bit`(_ shape: Shape) {
    let operands = Operands(shape)
    let one = operands.run(Self.everything(shape), workers: 1)
    let two = operands.run(Self.everything(shape), workers: 2)
    #expect(one.context == two.context)
    #expect(one.taps == two.taps)
  }

  @Test(arguments: Shape.all)
  func `a map alone, without the second product, gives the same taps`(_ shape: Shape) {
    let operands = Operands(shape)
    let full = operands.run(Self.everything(shape), workers: 1).taps
    let alone = operands.attention.taps(
      queries: operands.queries.span, keys: operands.keys.span, tokens: shape.tokens, taps: Self.everything(shape),
      workers: Workers(count: 2))
    #expect(full == alone)
  }

  @Test func `each tap comes alone, as it comes among all, and without touching the context`() throws {
    let shape = Shape(tokens: 65, prefix: 1)
    let operands = Operands(shape)
    let all = operands.run(Self.everything(shape), workers: 1)
    #expect(all.taps.count == 8)
    for tap in Self.everything(shape) {
      let found = operands.run([tap], workers: 2)
      #expect(found.taps == [tap: try #require(all.taps[tap])], "\(tap)")
      #expect(found.context == all.context)
    }
  }

  @Test(arguments: Shape.all)
  func `a tap takes of a stored map what it took while the map was computed`(_ shape: Shape) throws {
    let all = Operands(shape).run(Self.everything(shape), workers: 1).taps
    for (tap, value) in all {
      let map = try #require(all[.map(tap.scale)]?.rows)
      #expect(tap.read(map, prefix: shape.prefix) == value, "\(tap)")
    }
  }
}
