import Basics
import Foundation
import Images
import Pruning
import TestSupport
import Testing

@testable import VLM

/// Which grid of crops transformers chooses for a picture, and how many rows it packs.
@Suite struct `Crops of 336 pixels` {
  struct Case {
    let width: Int
    let height: Int
    let grid: Grid
    let rows: Int

    static func all() throws -> [Case] {
      let data = try Data(contentsOf: Fixtures.url("golden/next/grids.json"))
      return try JSONDecoder().decode([[Int]].self, from: data).map {
        Case(width: $0[0], height: $0[1], grid: Grid(rows: $0[2], columns: $0[3]), rows: $0[4])
      }
    }
  }

  static func configuration(side: Int) -> ImageProcessorConfiguration {
    var configuration = ImageProcessorConfiguration.llavaNext
    configuration.size = .shortestEdge(side)
    configuration.cropSize = .init(height: side, width: side)
    return configuration
  }

  private func processor(side: Int = 336) throws -> AnyResolutionProcessor {
    let grids = [(1, 2), (2, 1), (2, 2), (3, 1), (1, 3)].map { Grid(rows: $0.0, columns: $0.1) }
    return try AnyResolutionProcessor(
      configuration: Self.configuration(side: side), side: side, grids: grids)
  }

  @Test func `are chosen as transformers chooses them, for 414 shapes`() throws {
    let processor = try processor()
    let cases = try Case.all()
    #expect(cases.count == 414)
    for golden in cases {
      let grid = processor.grid(width: golden.width, height: golden.height)
      #expect(grid == golden.grid, "\(golden.width)×\(golden.height)")
    }
  }

  @Test func `are packed in as many rows as transformers packs`() throws {
    let grid = Grid(rows: 24, columns: 24)
    for golden in try Case.all() {
      let arrangement = LlavaNextFamily.unpadded(
        crops: golden.grid, grid: grid,
        imageSize: PixelSize(width: golden.width, height: golden.height))
      let views = 1 + golden.grid.count
      let picture = PictureDescription(
        tower: TowerDescription(depth: 24, featureLayer: 22, hasClassToken: true),
        layout: .thumbnailAndCrops(golden.grid),
        patchGrids: [Grid](repeating: grid, count: views),
        imageSize: PixelSize(width: golden.width, height: golden.height), digest: 0, unpruned: arrangement,
        pruned: arrangement)
      #expect(ImagePlan.dense(of: picture).sequence.count == golden.rows, "\(golden.width)×\(golden.height)")
    }
  }

  @Test func `cover the picture where its patches are, whatever its shape`() throws {
    let processor = try processor(side: 28)
    for (width, height) in [(97, 61), (30, 90), (200, 1), (1, 200), (1, 1), (56, 56)] {
      let picture = RGBImage(width: width, height: height, red: 200, green: 100, blue: 50)
      let image = try processor.process(picture)
      #expect(image.views.count == 1 + image.grid.rows * image.grid.columns)
      let crops = image.views.dropFirst().map { $0.geometry.cells(rows: 1, columns: 1)[0] }
      let left = crops.map(\.x).min() ?? 0
      let right = crops.map { $0.x + $0.width }.max() ?? 0
      let top = crops.map(\.y).min() ?? 0
      let bottom = crops.map { $0.y + $0.height }.max() ?? 0
      #expect(left <= 0 && top <= 0 && right >= Double(width) && bottom >= Double(height), "\(width)×\(height)")
      let thumbnail = image.views[0].geometry.cells(rows: 1, columns: 1)[0]
      #expect(thumbnail.x == 0 && thumbnail.y == 0)
      #expect(abs(thumbnail.width - Double(width)) < 1e-9 && abs(thumbnail.height - Double(height)) < 1e-9)
    }
  }

  @Test func `are refused where they exceed the limit on pixels`() throws {
    let picture = RGBImage(width: 4, height: 4, red: 0, green: 0, blue: 0)
    let processor = try processor()
    #expect(throws: ImageError.resizedTooLarge(width: 1344, height: 1344, maxPixels: 1_000_000)) {
      try processor.process(
        picture, grid: Grid(rows: 4, columns: 4), limits: ImageLimits(maxPixels: 1_000_000))
    }
  }

  @Test func `need sizes that are a view's, and a grid`() throws {
    let grids = [Grid(rows: 1, columns: 1)]
    var configuration = Self.configuration(side: 28)
    configuration.size = .shortestEdge(30)
    #expect(throws: ImageError.self) {
      try AnyResolutionProcessor(configuration: configuration, side: 28, grids: grids)
    }
    configuration = Self.configuration(side: 28)
    configuration.cropSize.width = 27
    #expect(throws: ImageError.self) {
      try AnyResolutionProcessor(configuration: configuration, side: 28, grids: grids)
    }
    for unusable in [[], [Grid(rows: 17, columns: 17)]] {
      #expect(throws: ImageError.self) {
        try AnyResolutionProcessor(configuration: Self.configuration(side: 28), side: 28, grids: unusable)
      }
    }
  }
}
