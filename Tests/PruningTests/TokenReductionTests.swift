import Basics
import Kernels
import Testing

@testable import Pruning

@Suite struct `Reductions inside the tower` {
  private let large = Samples.description(depth: 24)
  private let workers = Workers(count: 1)

  private func method(_ spec: String) throws -> any TokenReduction {
    try #require(try StrategyCatalogue.standard.make(parsing: spec).inTower).reduction
  }

  private func refusal(_ body: () throws -> Void) -> PruningError? {
    do { try body() } catch { return error as? PruningError }
    return nil
  }

  /// Rows merged in each block.
  private func merges(_ spec: String, keep: Int?, of patches: Int, on tower: TowerDescription) throws -> [Int] {
    let schedule = try method(spec).schedule(keeping: keep, of: patches, on: tower)
    return zip([patches] + schedule, schedule).map { $0 - $1 }
  }

  /// A scene whose first row is the class token.
  private func scene(keys: [[Double]], sizes: [Double]? = nil) -> TowerScene {
    TowerScene(
      prefix: 1, sizes: sizes ?? keys.map { _ in 1 },
      measured: DoubleMatrix(rows: keys.count, columns: keys[0].count, values: keys.flatMap { $0 }), workers: workers)
  }

  private func sources(_ map: TokenMap) -> [[Int]] { (0..<map.rows).map { Array(map.sources[map.members(of: $0)]) } }

  @Test func `ToMe spreads what is to go evenly over the blocks that run`() throws {
    let even = try merges("tome", keep: 64, of: 576, on: large)
    #expect(even.count == 23 && Set(even) == [22, 23] && even.reduce(0, +) == 512)
    #expect(try merges("tome", keep: 576 - 23 * 8, of: 576, on: large) == [Int](repeating: 8, count: 23))
    #expect(try merges("tome(r=8)", keep: nil, of: 576, on: large) == [Int](repeating: 8, count: 23))
    let early = try merges("tome(inflect=-1)", keep: 192, of: 576, on: large)
    #expect(early.first == 33 && early.last == 0 && zip(early, early.dropFirst()).allSatisfy { $0 >= $1 - 1 })
    #expect(try merges("tome(inflect=1)", keep: 192, of: 576, on: large).last == 34)
  }

  /// low = int(8·0.5) = 4, step = (16 − 8) / 23, over all 24 blocks of the model.
  @Test func `ToMe's released schedule rises over all blocks of the model`() throws {
    let expected = (0..<23).map { Int(4 + Double(8) / 23 * Double($0)) }
    #expect(try merges("tome(r=8, inflect=0.5)", keep: nil, of: 576, on: large) == expected)
  }

  @Test func `a block merges half of its rows at most, and hands the rest on`() throws {
    let short = Samples.description(depth: 5)
    // 21 rows over 4 blocks: 5, 5, 5 and 6; the last block has 10, of which it can merge 5.
    #expect(
      refusal { _ = try method("tome").schedule(keeping: 4, of: 25, on: short) }
        == .reductionTooDeep(strategy: "tome", count: 4, smallest: 5, patches: 25))
    #expect(try merges("tome(inflect=-1)", keep: 5, of: 25, on: short) == [10, 6, 4, 0])
    #expect(try merges("tome(inflect=-1)", keep: 3, of: 25, on: short) == [11, 7, 3, 1])
    #expect(try merges("tome(r=9)", keep: nil, of: 25, on: short) == [9, 8, 4, 2])
  }

  @Test func `EViT's counts are the released ones, and a budget's fall in proportion`() throws {
    func leaving(_ spec: String, keep: Int?) throws -> [Int] {
      let schedule = try method(spec).schedule(keeping: keep, of: 576, on: large)
      #expect(schedule.count == 23 && schedule[5] == 576)
      return [schedule[6], schedule[12], schedule[18]]
    }
    #expect(try leaving("evit", keep: nil) == [405, 285, 201])
    #expect(try leaving("evit(fuse=false)", keep: nil) == [404, 283, 199])
    #expect(try leaving("evit", keep: 64) == [277, 133, 64])
    #expect(try leaving("evit", keep: 192) == [399, 277, 192])
  }

  @Test(arguments: [(24, "6/12/18"), (12, "3/6/9"), (6, "2/3/4"), (5, "1/2/3"), (4, "0/1/2")])
  func `EViT's blocks follow the depth, among those that run`(depth: Int, blocks: String) throws {
    let spec = try method("evit").resolved(on: Samples.description(depth: depth))
    #expect(spec.description == "evit(rate=auto, blocks=\(blocks), fuse=true, order=raster)")
    #expect(refusal { _ = try method("evit(blocks=1/23)").resolved(on: large) }?.message.contains("0 to 22") == true)
  }

  @Test func `ToMe merges the closest pairs into odd rows, which come last`() throws {
    // The class token is like row 1, and stays; rows 2 and 4 are closest to 3 and 1.
    let scene = scene(keys: [[1, 0], [1, 0], [0, 2], [0, 1], [5, 1], [1, 1], [-1, 0]])
    let map = try method("tome").reduce(to: 4, scene)
    #expect(sources(map) == [[0], [6], [1, 4], [3, 2], [5]])
    #expect(map.anchors == [0, 6, 1, 3, 5])
    #expect(map.weights == [1, 1, 0.5, 0.5, 0.5, 0.5, 1])
  }

  @Test func `ToMe gives equal pairs to the lower row, and weighs by size`() throws {
    // Rows 2, 4 and 6 are like 1, 3 and 5 alike: the first two are taken, and join row 1.
    let scene = scene(keys: [[0, 1]] + [[Double]](repeating: [1, 0], count: 6), sizes: [1, 3, 1, 1, 4, 1, 1])
    let map = try method("tome").reduce(to: 4, scene)
    #expect(sources(map) == [[0], [6], [1, 2, 4], [3], [5]])
    #expect(map.weights == [1, 1, 0.375, 0.125, 0.5, 1, 1])
    // As many as it can: every even row but the class token, and a row without direction is like none.
    #expect(sources(try method("tome").reduce(to: 3, scene)) == [[0], [1, 2, 4, 6], [3], [5]])
    let still = self.scene(keys: [[1, 0], [0, 0], [1, 0], [1, 0], [0, 0]])
    #expect(sources(try method("tome").reduce(to: 3, still)) == [[0], [4], [1], [3, 2]])
  }

  @Test func `EViT keeps most class attention in order, and sums up the rest as it is`() throws {
    let scene = TowerScene(
      prefix: 1, sizes: [1, 1, 1, 1, 1],
      measured: DoubleMatrix(rows: 1, columns: 5, values: [0.4, 0.1, 0.25, 0.05, 0.2]), workers: workers)
    let map = try method("evit").reduce(to: 3, scene)
    #expect(sources(map) == [[0], [2], [4], [1, 3]])
    #expect(map.anchors == [0, 2, 4, nil])
    #expect(map.weights == [1, 1, 1, 0.1, 0.05])
    #expect(map.releasedOrder == [0, 1, 2, 3])
    let dropped = try method("evit(fuse=false)").reduce(to: 2, scene)
    #expect(sources(dropped) == [[0], [2], [4]])
    let rows = Matrix(rows: 5, columns: 1, values: [1, 2, 4, 8, 16])
    #expect(map.applied(to: rows).values == [1, 4, 16, 0.6])
  }

  @Test func `a trace follows patches, codes and sizes through several blocks`() throws {
    var trace = TokenTrace(patches: 4, prefix: 1)
    #expect(trace.logSizes == nil)
    #expect(trace.members(enteringBlock: 0) == [[0], [1], [2], [3]])
    var first = TokenMap()
    first.keep(0)
    first.keep(4)
    first.merge([1, 2], weights: [0.5, 0.5], anchor: 1)
    first.merge([3], weights: [0.25], anchor: nil)
    trace.take(first, of: 1)
    #expect(trace.sizes == [1, 1, 2, 1])
    var second = TokenMap()
    second.keep(0)
    second.keep(2)
    second.merge([1, 3], weights: [1, 1], anchor: nil)
    second.releasedOrder = [0, 2, 1]
    trace.take(second, of: 3)
    let (raster, rows) = trace.tokens(in: .raster)
    #expect(raster.map(\.anchor) == [0, -3])
    #expect(raster.map(\.sources) == [[0, 1], [2, 3]])
    #expect(rows == [0, 1])
    #expect(trace.tokens(in: .released).tokens.map(\.anchor) == [-3, 0])
    // Rows that entered block 2 are those that left block 1.
    #expect(trace.members(enteringBlock: 1) == [[0, 1], [2, 3]])
    #expect(trace.members(enteringBlock: 2) == [[1], [0, 2]])
    #expect(trace.members(enteringBlock: 4) == [[0], [1]])
    let view = ReducedView(patches: 4, schedule: [4, 3, 3, 2], tokens: raster, fused: trace.fusedTokens)
    #expect([view, view].ownerCodes == [0, 0, -201, -201, 4, 4, -203, -203])
  }

  @Test func `a plan of tokens becomes one of patches`() throws {
    let view = ReducedView(
      patches: 5, schedule: [3],
      tokens: [
        .init(anchor: 1, sources: [0, 1]), .init(anchor: 4, sources: [4]), .init(anchor: -2, sources: [2, 3]),
      ],
      fused: 1)
    let picture = Samples.picture(Samples.tower(1, 5), layout: .frames(2)).reduced(to: [3, 3])
    #expect(picture.tokens == [3, 3])
    #expect(picture.layout == .frames(2))
    let plan = try ImagePlan(
      arranging: [ViewPlan(keeping: [0, 2]), ViewPlan(keeping: [1, 2])], of: picture, limit: 4,
      scores: [[3, 2, 1], [1, 2, 3]])
    let placed = plan.placed(by: [view, view], arrangement: nil)
    #expect(placed.patches.sequenceCodes == [1, -200, 9, -201])
    #expect(placed.present.sequence == plan.sequence)
    #expect(placed.patches.views[0].sources == [0, 1, 2, 3])
    #expect(placed.patches.views[0].weights == [0.5, 0.5, 0.5, 0.5])
    #expect(placed.patches.tokens == [5, 5])
    #expect(placed.patches.keptTokens == 4)
    #expect(placed.patches.scores == [[3, 3, 1, 1, 2], [1, 1, 3, 3, 2]])
    // A drawing of a plan without scores shows what was merged widely.
    let unscored = ImagePlan.dense(of: picture).placed(by: [view, view], arrangement: nil).patches
    #expect(unscored.scores == [[0.5, 0.5, 0.5, 0.5, 1], [0.5, 0.5, 0.5, 0.5, 1]])
  }

  @Test func `tokens of crops go back to the raster, without what lies over padding`() throws {
    func view(_ anchors: Int...) -> ReducedView {
      ReducedView(patches: 4, schedule: [2], tokens: anchors.map { .init(anchor: $0, sources: [$0]) }, fused: 0)
    }
    let (grid, crops) = (Grid(rows: 2, columns: 2), Grid(rows: 1, columns: 2))
    let area = UnpaddedArea(
      crops: crops, grid: grid, imageSize: PixelSize(width: 9, height: 9), rounding: .truncated)
    #expect(area.columns == 1..<3)
    let raster = ViewRaster(crops: crops, grid: grid, area: area, separatesRows: true)
    let picture = Samples.picture(
      Samples.tower(2, 2), layout: .thumbnailAndCrops(crops),
      pruned: Arrangement([.view(0), .raster(raster)]))
    let dense = ImagePlan.dense(of: picture.reduced(to: [2, 2, 2]))
    let (present, patches) = dense.placed(
      by: [view(0, 3), view(0, 3), view(0, 2)], arrangement: picture.pruned)
    // Columns 0 and 3 are padding. Row 0: crop 2's patch 0. Row 1: crop 1's patch 3, crop 2's patch 2.
    #expect(patches.sequenceCodes == [0, 3, 8, -1, 7, 10, -1])
    #expect(present.sequence == patches.sequence)
    #expect(present.views.map(\.sources) == [[0, 1], [1], [0, 1]])
  }
}
