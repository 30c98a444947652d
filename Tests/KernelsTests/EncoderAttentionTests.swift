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

    func run(_ request: AttentionTapRequest, workers: Int) -> (context: [Float], taps: AttentionTaps) {
      var context = [Float](repeating: .nan, count: queries.count)
      let taps = attention.apply(
        queries: queries, keys: keys, values: values, tokens: shape.tokens, into: &context, request: request,
        workers: Workers(count: workers))
      return (context, taps)
    }
  }

  static let everything: AttentionTapRequest = {
    var request = AttentionTapRequest()
    request.classRow = true
    request.classLogitRow = true
    request.receivedFromAll = true
    request.receivedFromPatches = true
    request.patchSums = true
    request.patchLogitSums = true
    request.maps = true
    request.logitMaps = true
    return request
  }()

  @Test(arguments: Shape.all)
  func `context and every tap equal the naive map's, in double`(_ shape: Shape) throws {
    let operands = Operands(shape)
    let naive = operands.naive
    let (context, taps) = operands.run(Self.everything, workers: 1)
    func expect(_ actual: [Float]?, _ expected: [Double], _ tolerance: Float, _ label: String) throws {
      expectClose(
        actual: try #require(actual), expected: expected.map(Float.init), tolerance: tolerance, label: label)
    }
    try expect(context, naive.context, Tolerances.attentionKernel, "context")
    try expect(taps.maps?.values, naive.maps.flatMap { $0 }, Tolerances.attentionKernel, "maps")
    try expect(taps.logitMaps?.values, naive.logits.flatMap { $0 }, Tolerances.attentionSums, "logit maps")
    try expect(
      taps.classRow?.values, naive.maps.flatMap { $0.prefix(shape.tokens) }, Tolerances.attentionKernel, "class row")
    try expect(
      taps.classLogitRow?.values, naive.logits.flatMap { $0.prefix(shape.tokens) }, Tolerances.attentionSums,
      "class logits")
    let all = naive.received(naive.maps, queries: 0..<shape.tokens)
    try expect(taps.receivedFromAll?.map(Float.init), all, Tolerances.attentionSums, "received from all")
    let fromPatches = naive.received(naive.maps, queries: naive.patches)
    try expect(
      taps.receivedFromPatches?.map(Float.init), fromPatches, Tolerances.attentionSums, "received from patches")
    let sums = try #require(taps.patchSums)
    try expect(
      sums.received.map(Float.init), Array(fromPatches.dropFirst(shape.prefix)), Tolerances.attentionSums,
      "patch columns")
    try expect(sums.given.map(Float.init), naive.given(naive.maps), Tolerances.attentionSums, "patch rows")
    let logitSums = try #require(taps.patchLogitSums)
    let logitColumns = naive.received(naive.logits, queries: naive.patches).dropFirst(shape.prefix)
    try expect(logitSums.received.map(Float.init), Array(logitColumns), Tolerances.logitSums, "patch logit columns")
    try expect(logitSums.given.map(Float.init), naive.given(naive.logits), Tolerances.logitSums, "patch logit rows")
  }

  @Test(arguments: Shape.all)
  func `taps do not depend on the number of workers, bit for bit`(_ shape: Shape) {
    let operands = Operands(shape)
    let one = operands.run(Self.everything, workers: 1)
    let two = operands.run(Self.everything, workers: 2)
    #expect(one.context == two.context)
    #expect(one.taps.isIdentical(to: two.taps))
  }

  @Test(arguments: Shape.all)
  func `a map alone, without the second product, gives the same taps`(_ shape: Shape) {
    let operands = Operands(shape)
    let full = operands.run(Self.everything, workers: 1).taps
    let alone = operands.attention.taps(
      queries: operands.queries.span, keys: operands.keys.span, tokens: shape.tokens, request: Self.everything,
      workers: Workers(count: 2))
    #expect(full.isIdentical(to: alone))
  }

  @Test func `each tap comes alone, as it comes among all, and without touching the context`() {
    let operands = Operands(Shape(tokens: 65, prefix: 1))
    let all = operands.run(Self.everything, workers: 1)
    let fields: [(WritableKeyPath<AttentionTapRequest, Bool>, (inout AttentionTaps) -> Void)] = [
      (\.classRow, { $0.classRow = all.taps.classRow }),
      (\.classLogitRow, { $0.classLogitRow = all.taps.classLogitRow }),
      (\.receivedFromAll, { $0.receivedFromAll = all.taps.receivedFromAll }),
      (\.receivedFromPatches, { $0.receivedFromPatches = all.taps.receivedFromPatches }),
      (\.patchSums, { $0.patchSums = all.taps.patchSums }),
      (\.patchLogitSums, { $0.patchLogitSums = all.taps.patchLogitSums }), (\.maps, { $0.maps = all.taps.maps }),
      (\.logitMaps, { $0.logitMaps = all.taps.logitMaps }),
    ]
    for (field, fill) in fields {
      var request = AttentionTapRequest.nothing
      request[keyPath: field] = true
      var expected = AttentionTaps()
      fill(&expected)
      let found = operands.run(request, workers: 2)
      #expect(found.taps.isIdentical(to: expected), "\(field)")
      #expect(found.context == all.context)
    }
  }
}

extension AttentionTaps {
  /// Whether both hold the same quantities with the same bits.
  func isIdentical(to other: AttentionTaps) -> Bool {
    classRow == other.classRow && classLogitRow == other.classLogitRow && receivedFromAll == other.receivedFromAll
      && receivedFromPatches == other.receivedFromPatches && patchSums == other.patchSums
      && patchLogitSums == other.patchLogitSums && maps == other.maps && logitMaps == other.logitMaps
  }
}
