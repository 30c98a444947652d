import Kernels
import TestSupport
import Testing

@Suite struct `Encoder attention inside segments` {
  /// Windows of unequal length, one of a single token, and more tokens than a tile has rows.
  static let segments = [0..<64, 64..<65, 65..<135, 135..<139, 139..<203]
  static let (heads, headWidth, tokens) = (3, 20, 203)

  struct Operands {
    let queries: [Float]
    let keys: [Float]
    let values: [Float]

    init() {
      var numbers = TestNumbers(seed: 9)
      let size = tokens * heads * headWidth
      queries = numbers.floats(size, in: -2...2)
      keys = numbers.floats(size, in: -2...2)
      values = numbers.floats(size)
    }

    func run(
      _ segments: [Range<Int>]?, _ taps: Set<AttentionTap>, engine: ProductEngine? = nil, workers: Int = 2
    ) -> (context: [Float], taps: [AttentionTap: TapValue]) {
      let attention = EncoderAttention(heads: heads, headWidth: headWidth, prefix: 0, engine: engine)
      var context = [Float](repeating: .nan, count: queries.count)
      let found = attention.apply(
        queries: queries, keys: keys, values: values, tokens: tokens, segments: segments, into: &context, taps: taps,
        workers: Workers(count: workers))
      return (context, found)
    }

    /// Each segment as a sequence of its own.
    func naive(_ segment: Range<Int>) -> NaiveAttention {
      let width = heads * headWidth
      let place = segment.lowerBound * width..<segment.upperBound * width
      return NaiveAttention(
        queries: Array(queries[place]), keys: Array(keys[place]), values: Array(values[place]),
        tokens: segment.count, heads: heads, headWidth: headWidth, prefix: 0)
    }
  }

  static let taps: Set<AttentionTap> = [.received(.all), .patchSums(.softmax), .map(.softmax)]

  @Test func `each segment attends to itself alone, in context and taps`() throws {
    let operands = Operands()
    let (context, taps) = operands.run(Self.segments, Self.taps)
    let parts = Self.segments.map { ($0, operands.naive($0)) }
    func expect(_ actual: [Float]?, _ expected: [Double], _ tolerance: Float, _ label: String) throws {
      expectClose(
        actual: try #require(actual), expected: expected.map(Float.init), tolerance: tolerance, label: label)
    }
    try expect(context, parts.flatMap { $0.1.context }, Tolerances.attentionKernel, "context")
    let received = parts.flatMap { $0.1.received($0.1.maps, queries: 0..<$0.0.count) }
    try expect(taps[.received(.all)]?.sums?.map(Float.init), received, Tolerances.attentionSums, "received")
    let sums = try #require(taps[.patchSums(.softmax)]?.patchSums)
    try expect(sums.received.map(Float.init), received, Tolerances.attentionSums, "columns")
    try expect(
      sums.given.map(Float.init), parts.flatMap { $0.1.given($0.1.maps) }, Tolerances.attentionSums, "rows")
    var dense = [Double](repeating: 0, count: Self.heads * Self.tokens * Self.tokens)
    for (segment, part) in parts {
      for head in 0..<Self.heads {
        for (query, row) in segment.enumerated() {
          for (key, column) in segment.enumerated() {
            dense[(head * Self.tokens + row) * Self.tokens + column] = part.maps[head][query * segment.count + key]
          }
        }
      }
    }
    try expect(taps[.map(.softmax)]?.rows?.values, dense, Tolerances.attentionKernel, "maps")
  }

  @Test func `the number of threads changes no bit, in Float32 or narrow`() {
    let operands = Operands()
    for engine in [nil, ProductEngine(), ProductEngine(.onednn)] {
      let one = operands.run(Self.segments, Self.taps, engine: engine, workers: 1)
      let two = operands.run(Self.segments, Self.taps, engine: engine, workers: 2)
      let areEqual = one.context == two.context && one.taps == two.taps
      #expect(areEqual)
    }
  }

  /// Products in bfloat16 have 8 bits: logits of magnitude 10 are off by up to 0.05, and so are weights, relatively.
  @Test(arguments: [BackEnd.native, .onednn])
  func `products in bfloat16 agree with Float32`(_ backEnd: BackEnd) {
    let operands = Operands()
    let exact = operands.run(Self.segments, [.received(.all)])
    let narrow = operands.run(Self.segments, [.received(.all)], engine: ProductEngine(backEnd))
    expectClose(actual: narrow.context, expected: exact.context, tolerance: 0.06, label: "context")
    expectClose(
      actual: narrow.taps[.received(.all)]?.sums?.map(Float.init) ?? [],
      expected: exact.taps[.received(.all)]?.sums?.map(Float.init) ?? [], tolerance: 0.3, label: "received")
  }

  @Test func `one segment is the whole sequence, bit for bit`() {
    let operands = Operands()
    let whole = operands.run(nil, Self.taps)
    let one = operands.run([0..<Self.tokens], Self.taps)
    let areEqual = whole.context == one.context && whole.taps == one.taps
    #expect(areEqual)
  }
}
