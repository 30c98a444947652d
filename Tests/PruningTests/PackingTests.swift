import Basics
import Kernels
import Testing

@testable import Pruning

@Suite struct `Packing of several views` {
  private let tower = Samples.tower(2, 2)
  private let crops = Grid(rows: 2, columns: 1)

  /// Crops of 4×2 tokens in all; the picture fills rows 1 and 2.
  private func picture(unpaddedAlways: Bool = false) -> PictureDescription {
    let size = PixelSize(width: 100, height: 100)
    let area = UnpaddedArea(crops: crops, grid: tower.grid, imageSize: size, rounding: .sevenDecimals)
    let unpadded = Arrangement([
      .view(0), .raster(ViewRaster(crops: crops, grid: tower.grid, area: area, separatesRows: true)),
    ])
    return Samples.picture(
      tower, layout: .thumbnailAndCrops(crops), size: size, unpruned: unpadded,
      pruned: unpaddedAlways ? unpadded : nil)
  }

  @Test func `crops lie in one raster`() {
    let raster = ViewRaster(crops: Grid(rows: 2, columns: 3), grid: Grid(rows: 4, columns: 5))
    for (token, crop, row, column) in [(0, 0, 0, 0), (4, 2, 0, 14), (5, 1, 1, 5), (19, 5, 7, 14)] {
      let place = raster.place(of: token, inCrop: crop)
      #expect(place.row == row && place.column == column, "token \(token) of crop \(crop)")
    }
  }

  @Test func `a class token that a strategy keeps comes after the raster`() throws {
    let views = [ViewPlan(keeping: [0]), ViewPlan(keeping: [ViewPlan.classSource, 2]), ViewPlan(keeping: [1])]
    let plan = try ImagePlan(arranging: views, of: picture(), limit: 4)
    #expect(plan.sequenceCodes == [0, 6, 9, -101])
  }

  @Test func `unpadded rows end with a separator`() {
    let codes = ImagePlan.dense(of: picture()).sequenceCodes
    #expect(codes == [0, 1, 2, 3, 6, 7, -1, 8, 9, -1])
    #expect(ImagePlan.dense(of: picture()).keptTokens == 8)
  }

  @Test func `a plan may drop what lies over padding`() throws {
    let views = [ViewPlan(keeping: [3, 0]), ViewPlan(keeping: [0, 3]), ViewPlan(keeping: [1, 2])]
    let spatial = try ImagePlan(arranging: views, of: picture(), limit: 6)
    #expect(spatial.sequenceCodes == [3, 0, 4, 7, 9, 10])
    let unpadded = try ImagePlan(arranging: views, of: picture(unpaddedAlways: true), limit: 6)
    #expect(unpadded.sequenceCodes == [3, 0, 7, -1, 9, -1])
    #expect(unpadded.keptTokens == 4)
  }

  @Test func `averages over padding go too`() throws {
    let average = ViewPlan(
      rowStarts: [0, 2, 4], sources: [0, 1, 2, 3], weights: [0.5, 0.5, 0.5, 0.5], anchors: [0, 3])
    let plan = try ImagePlan(
      arranging: [ViewPlan(keeping: [0]), average, ViewPlan(keeping: [])], of: picture(unpaddedAlways: true), limit: 3)
    #expect(plan.views[1] == ViewPlan(rowStarts: [0, 2], sources: [2, 3], weights: [0.5, 0.5], anchors: [3]))
  }

  @Test func `positions of what the unpruned sequence lacks are those of the item before`() throws {
    let dense = ImagePlan.dense(of: picture())
    let views = [ViewPlan(keeping: [3]), ViewPlan(keeping: [0, 3]), ViewPlan(keeping: [1, 2])]
    let plan = try ImagePlan(arranging: views, of: picture(), limit: 5)
    #expect(plan.sequenceCodes == [3, 4, 7, 9, 10])
    #expect(plan.positions(.original, before: dense) == [3, 3, 5, 8, 8])
    #expect(dense.positions(.original, before: dense) == Array(0..<10))
  }

  @Test func `a separator after a row takes the next ones position`() throws {
    // Four rows of the padded raster end with a separator here, two of the unpruned sequence.
    let plan = try ImagePlan(
      views: [ViewPlan(keeping: [1]), ViewPlan(keeping: [2]), ViewPlan(keeping: [0])],
      sequence: [
        .row(view: 0, row: 0), .separator, .row(view: 1, row: 0), .separator, .row(view: 2, row: 0), .separator,
        .separator,
      ], tokens: [4, 4, 4], limit: 3)
    #expect(plan.positions(.original, before: .dense(of: picture())) == [1, 6, 4, 6, 7, 9, 9])
  }

  @Test func `frames follow each other after their class tokens`() {
    let picture = Samples.picture(
      tower, layout: .frames(2), unpruned: Arrangement((0..<2).flatMap { [.classToken(view: $0), .view($0)] }))
    let dense = ImagePlan.dense(of: picture)
    #expect(dense.sequenceCodes == [-100, 0, 1, 2, 3, -101, 4, 5, 6, 7])
    #expect(picture.visualTokens == 8 && dense.keptTokens == 8, "class tokens count against no budget")
  }

  @Test func `every strategy keeps the same number of each frame`() throws {
    let tower = Samples.tower(4, 6)
    let image = Samples.image(Samples.picture(tower, layout: .frames(3))) { evidence, view in
      evidence.classLogits[7] = Samples.matrix(2, 24, seed: UInt64(view))
      evidence.classAttention[6] = Samples.matrix(2, 24, seed: UInt64(view + 9))
    }
    for spec in ["globalcom2", "fastervlm", "random", "uniform"] {
      let plan = try Samples.plan(spec, image, keep: "21")
      #expect(plan.views.map(\.rows) == [7, 7, 7], "\(spec)")
      #expect(
        plan.sequence.map(\.view) == [Int](repeating: 0, count: 7) + [Int](repeating: 1, count: 7)
          + [Int](repeating: 2, count: 7), "\(spec)")
    }
    let best = try Samples.plan("globalcom2", image, keep: "21").views[1].anchors
    #expect(best != best.sorted(), "best first")
  }
}

extension SequenceItem {
  /// The view of a row; −1 for a separator.
  fileprivate var view: Int {
    switch self {
    case .row(let view, _): view
    case .classToken, .separator, .zeros: -1
    }
  }
}
