import Basics
import Kernels
import Testing

@testable import Pruning

@Suite struct `GlobalCom²` {
  private let square = Grid(rows: 24, columns: 24)
  private let twoByTwo = Grid(rows: 2, columns: 2)

  private func guidance(_ crops: Grid, _ grid: Grid, _ width: Int, _ height: Int) -> CropGuidance {
    CropGuidance(crops: crops, grid: grid, imageSize: PixelSize(width: width, height: height))
  }

  @Test func `a constant thumbnail gives every crop the ratio`() {
    for crops in [twoByTwo, Grid(rows: 1, columns: 3), Grid(rows: 4, columns: 1)] {
      let ratios = guidance(crops, square, 672, 672)
        .ratios(thumbnail: [Double](repeating: 0.7, count: 576), keeping: 0.3, tau: 10)
      #expect(ratios.count == crops.count)
      #expect(ratios.allSatisfy { abs($0 - 0.3) < 1e-7 })
    }
  }

  @Test func `the small term decides the count at the edge`() {
    var scores = [Double](repeating: 0, count: 576)
    scores[575] = 10_000
    let ratios = guidance(twoByTwo, square, 672, 672).ratios(thumbnail: scores, keeping: 0.5, tau: 10)
    #expect(Int(576 * ratios[3]) == 503)
    #expect(ratios[3] < 0.875)
  }

  @Test func `a share is never more than everything`() {
    var scores = [Double](repeating: 0, count: 576)
    scores[0] = 10_000
    #expect(guidance(twoByTwo, square, 672, 672).ratios(thumbnail: scores, keeping: 0.9, tau: 10)[0] == 1)
  }

  @Test(arguments: [
    (2, 2, 672, 672, 0..<48, 0..<48), (2, 2, 800, 600, 6..<42, 0..<48), (1, 3, 1200, 350, 1..<23, 0..<72),
    (2, 2, 600, 800, 0..<48, 6..<42), (3, 1, 350, 1200, 0..<72, 1..<23), (1, 2, 100, 51, 0..<24, 0..<48),
    (1, 2, 1000, 1, 12..<12, 0..<48),
  ])
  func `Padding is found as LLaVA's unpad finds it`(
    rows: Int, columns: Int, width: Int, height: Int, validRows: Range<Int>, validColumns: Range<Int>
  ) {
    let found = guidance(Grid(rows: rows, columns: columns), square, width, height)
    #expect(found.validRows == validRows)
    #expect(found.validColumns == validColumns)
  }

  @Test func `a grid is resized with half pixel centres`() {
    let found = guidance(twoByTwo, Grid(rows: 1, columns: 2), 200, 100).resized(thumbnail: [0, 1])
    #expect(found == [0, 0.25, 0.75, 1, 0, 0.25, 0.75, 1])
  }

  private func image(crops: Grid?, size: PixelSize = PixelSize(width: 100, height: 100)) -> SampleImage {
    Samples.image(crops: crops, size: size) { evidence, view in
      evidence.classLogits[7] = Samples.matrix(2, 24, seed: UInt64(view))
    }
  }

  @Test func `the thumbnail is sent best first or in raster order`() throws {
    let logits = (0..<24).map { Float($0) }
    let image = Samples.image { evidence, _ in
      evidence.classLogits[7] = Matrix(rows: 1, columns: 24, values: logits)
    }
    #expect(try Samples.kept("globalcom2", image, keep: "3") == [23, 22, 21])
    #expect(try Samples.kept("globalcom2(thumbnail=raster)", image, keep: "3") == [21, 22, 23])
    #expect(try !Samples.plan("globalcom2", image, keep: "3").sequence.contains(.separator))
  }

  @Test func `every row of the crop grid ends with a separator`() throws {
    let plan = try Samples.plan("globalcom2", image(crops: twoByTwo), keep: "50%")
    #expect(plan.sequence.count { $0 == .separator } == 8)
    #expect(plan.sequence.last == .separator)
    #expect(plan.keptTokens <= 60)
  }

  @Test func `separators of empty rows can be left out`() throws {
    // A very wide picture: of the 8 rows only the middle two show it.
    let wide = image(crops: twoByTwo, size: PixelSize(width: 600, height: 100))
    let all = try Samples.plan("globalcom2(placement=grid)", wide, keep: "50%")
    let kept = try Samples.plan("globalcom2(placement=grid, newlines=kept)", wide, keep: "50%")
    #expect(all.sequence.count { $0 == .separator } == 8)
    #expect(kept.sequence.count { $0 == .separator } == 2)
    #expect(kept.views == all.views)
  }

  @Test func `a budget without a token for the thumbnail is refused`() {
    #expect(throws: PruningError.budgetTooSmall(.count(4), smallest: 5, views: 5)) {
      try Samples.plan("globalcom2", image(crops: twoByTwo), keep: "4")
    }
    #expect(throws: Never.self) { try Samples.plan("globalcom2", image(crops: twoByTwo), keep: "5") }
  }

  @Test func `without a class token tokens unlike the mean win`() throws {
    let tower = Samples.tower(1, 4, classToken: false)
    let image = Samples.image(tower) { evidence, _ in
      evidence[.features] = .matrix(
        Matrix(rows: 4, columns: 2, values: [1, 0, 1, 0.1, -1, 0.2, 1, 0]))
    }
    #expect(try Samples.kept("globalcom2", image, keep: "1") == [2])
  }
}
