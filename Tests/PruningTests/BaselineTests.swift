import Basics
import Kernels
import Testing

@testable import Pruning

@Suite struct `Baselines` {
  private let crops = Grid(rows: 2, columns: 2)

  @Test(arguments: [1, 2, 12, 23])
  func `Random keeps exactly its share, without repeats, in raster order`(keep: Int) throws {
    let kept = try Samples.kept("random", Samples.image(), keep: "\(keep)")
    #expect(kept.count == keep)
    #expect(Set(kept).count == keep)
    #expect(kept == kept.sorted())
  }

  @Test func `one seed and one picture give one plan`() throws {
    let image = Samples.image(crops: crops)
    #expect(
      try Samples.plan("random", image, keep: "40", seed: 5) == Samples.plan("random", image, keep: "40", seed: 5))
  }

  @Test func `another seed or another picture gives another plan`() throws {
    let image = Samples.image(crops: crops)
    let plan = try Samples.plan("random", image, keep: "40", seed: 5)
    #expect(try Samples.plan("random", image, keep: "40", seed: 6) != plan)
    #expect(try Samples.plan("random", Samples.image(crops: crops, digest: 8), keep: "40", seed: 5) != plan)
    #expect(plan.kept[1] != plan.kept[2])
  }

  @Test func `random is the same everywhere and for ever`() throws {
    #expect(try Samples.kept("random", Samples.image(digest: 42), keep: "6") == [2, 8, 9, 12, 14, 18])
  }

  @Test func `every token is as likely as the others`() throws {
    var counts = [Int](repeating: 0, count: 24)
    for digest in 0..<2_000 {
      for token in try Samples.kept("random", Samples.image(digest: UInt64(digest)), keep: "6") { counts[token] += 1 }
    }
    // 500 expected each, with a deviation of 19.
    #expect(counts.allSatisfy { (400...600).contains($0) })
  }

  @Test(arguments: [
    (1, [12]), (2, [6, 18]), (5, [2, 7, 12, 16, 21]), (8, [1, 4, 7, 10, 13, 16, 19, 22]),
    (23, Array(0..<11) + Array(12..<24)),
  ])
  func `Uniform takes ⌊(i + ½)·N/T⌋`(keep: Int, kept: [Int]) throws {
    #expect(try Samples.kept("uniform", Samples.image(), keep: "\(keep)") == kept)
  }

  @Test(arguments: [
    (24, 24, 128, 11, 11), (24, 24, 192, 13, 14), (24, 24, 64, 8, 8), (24, 24, 575, 23, 24), (8, 10, 27, 4, 6),
    (2, 40, 60, 1, 40), (40, 2, 10, 10, 1), (1, 6, 3, 1, 3), (4, 6, 1, 1, 1),
  ])
  func `Downsampling keeps the grid's shape and fits the budget`(
    rows: Int, columns: Int, keep: Int, cellRows: Int, cellColumns: Int
  ) {
    let cells = Downsample.cells(of: Grid(rows: rows, columns: columns), keeping: keep)
    #expect(cells == Grid(rows: cellRows, columns: cellColumns))
  }

  @Test(arguments: [(5, 3, [0..<2, 1..<4, 3..<5]), (6, 3, [0..<2, 2..<4, 4..<6]), (7, 2, [0..<4, 3..<7])])
  func `Bins are PyTorch's`(length: Int, count: Int, bins: [Range<Int>]) {
    #expect((0..<count).map { Downsample.bin($0, of: count, over: length) } == bins)
  }

  @Test func `a cell is the mean of its tokens and sits in its middle`() throws {
    let plan = try Samples.plan("downsample", Samples.image(), keep: "6")
    #expect(plan.kept == [[7, 9, 11, 19, 21, 23]])
    let pooled = plan.applied(to: [Matrix(rows: 24, columns: 1, values: (0..<24).map { Float($0) })])
    #expect(pooled.rows.values == [3.5, 5.5, 7.5, 15.5, 17.5, 19.5])
  }

  @Test func `every strategy keeps its budget over several views`() throws {
    let image = Samples.attentive(crops: crops)
    for spec in ["random", "uniform", "fastervlm", "vtc-cls"] {
      let plan = try Samples.plan(spec, image, keep: "43")
      #expect(plan.views.map(\.rows) == [8, 8, 8, 8, 8])
      #expect(plan.keptTokens == 40)
    }
  }

  @Test(arguments: [(Grid(rows: 1, columns: 3), 4), (Grid(rows: 2, columns: 2), 5)])
  func `Totals over four and five views`(crops: Grid, views: Int) throws {
    let tower = Samples.tower(24, 24)
    let plan = try Samples.plan("random", Samples.image(tower, crops: crops), keep: "64")
    #expect(plan.keptTokens == 64 / views * views)
    #expect(try Samples.plan("random", Samples.image(tower, crops: crops), keep: "25%").keptTokens == 144 * views)
  }
}
