import Basics
import Foundation
import Images
import TestSupport
import Testing

/// `fixtures/generate/qwen_rules.py` made the sizes with transformers' own functions.
@Suite struct `Pictures at their own resolution` {
  private struct Goldens: Decodable {
    /// Cell, smallest and largest area, (frames,) width, height, then the size or null.
    let images: [[Value]]
    let frames: [[Value]]
  }

  private enum Value: Decodable {
    case number(Int)
    case size([Int]?)

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let number = try? container.decode(Int.self) {
        self = .number(number)
      } else {
        self = .size(container.decodeNil() ? nil : try container.decode([Int].self))
      }
    }

    var number: Int { if case .number(let number) = self { number } else { -1 } }
    var size: [Int]? { if case .size(let size) = self { size } else { nil } }
  }

  private static func goldens() throws -> Goldens {
    try JSONDecoder().decode(Goldens.self, from: Data(contentsOf: Fixtures.url("golden/qwen/sizes.json")))
  }

  private func size(_ body: () throws(ImageError) -> PixelSize) -> [Int]? {
    do { return try [body()].flatMap { [$0.width, $0.height] } } catch {
      guard case .extremeShape = error else { return [] }
      return nil
    }
  }

  @Test func `have the sizes of transformers, or are refused as there`() throws {
    let goldens = try Self.goldens().images
    #expect(goldens.count > 390 && goldens.contains { $0[5].size == nil })
    for golden in goldens {
      let sizing = NativeResolutionSizing(
        cellSize: golden[0].number, leastArea: golden[1].number, mostArea: golden[2].number)
      let picture = PixelSize(width: golden[3].number, height: golden[4].number)
      #expect(size { () throws(ImageError) in try sizing.size(of: picture) } == golden[5].size, "\(golden)")
    }
  }

  @Test func `of a video that share one area have the sizes of transformers`() throws {
    let goldens = try Self.goldens().frames
    #expect(goldens.count > 170 && goldens.contains { $0[6].size == nil })
    for golden in goldens {
      let sizing = NativeResolutionSizing(
        cellSize: golden[0].number, leastArea: golden[1].number, mostArea: golden[2].number)
      let picture = PixelSize(width: golden[4].number, height: golden[5].number)
      let found = size { () throws(ImageError) in try sizing.size(of: picture, sharedBy: golden[3].number) }
      #expect(found == golden[6].size, "\(golden)")
    }
  }

  @Test func `never have more cells than a bound, and the same size where they had no more`() throws {
    for golden in try Self.goldens().images where golden[5].size != nil {
      let sizing = NativeResolutionSizing(
        cellSize: golden[0].number, leastArea: golden[1].number, mostArea: golden[2].number)
      let picture = PixelSize(width: golden[3].number, height: golden[4].number)
      let free = try sizing.size(of: picture)
      func cells(_ size: PixelSize) -> Int { size.width / sizing.cellSize * (size.height / sizing.cellSize) }
      for bound in [1, 7, 64, 1000] {
        let bounded = try sizing.size(of: picture, mostCells: bound)
        #expect((1...bound).contains(cells(bounded)), "\(golden): \(bounded) for \(bound)")
        if cells(free) <= bound, free.width * free.height > sizing.leastArea { #expect(bounded == free, "\(golden)") }
      }
    }
  }

  private static func read(_ json: String) throws -> NativeResolutionConfiguration {
    try NativeResolutionConfiguration(
      JSONReader<ImageError>(JSONValue(parsing: Array(json.utf8)), file: "preprocessor_config.json"))
  }

  @Test(arguments: [
    (#"{"min_pixels": 3136, "max_pixels": 12845056}"#, 3136, 12_845_056),
    (#"{"size": {"shortest_edge": 65536, "longest_edge": 16777216}, "min_pixels": null}"#, 65536, 16_777_216),
    (#"{"size": {"min_pixels": 3136, "max_pixels": 4000}}"#, 3136, 4000),
    (#"{"size": {"shortest_edge": 1, "longest_edge": 9000}, "min_pixels": 50}"#, 50, 9000),
    (#"{"max_pixels": 4000}"#, 3136, 4000), ("{}", 3136, 1_003_520),
  ])
  func `read areas in every spelling; min_pixels and max_pixels win`(json: String, least: Int, most: Int) throws {
    let configuration = try Self.read(json)
    #expect(configuration.leastArea == least && configuration.mostArea == most)
  }

  @Test(arguments: [
    (#"{"do_resize": false}"#, "do_resize"), (#"{"do_center_crop": true}"#, "do_center_crop"),
    (#"{"do_pad": true}"#, "do_pad"), (#"{"temporal_patch_size": 1}"#, "temporal_patch_size"),
    (#"{"image_processor_type": "CLIPImageProcessor"}"#, "image_processor_type"),
    (#"{"size": 336}"#, "size"), (#"{"size": {"height": 336, "width": 336}}"#, "size"),
    (#"{"size": {"shortest_edge": 9}}"#, "size"), (#"{"min_pixels": 9, "max_pixels": 8}"#, "size"),
    (#"{"min_pixels": 0}"#, "min_pixels"), (#"{"patch_size": 0}"#, "patch_size"), (#"{"resample": 9}"#, "resample"),
    (#"{"image_std": [0, 1, 1]}"#, "image_std"), (#"{"cap_pixels_per_frame": true}"#, "cap_pixels_per_frame"),
  ])
  func `refuse a setting that is not done here, by its name`(json: String, key: String) {
    let error = #expect(throws: ImageError.self) { try Self.read(json) }
    guard case .invalidConfiguration(let named, _, _)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(named.hasPrefix(key))
  }

  private static func processor(_ json: String = "{}") throws -> NativeResolutionProcessor {
    try NativeResolutionProcessor(configuration: try read(json))
  }

  @Test func `are resized, rescaled and normalised as one picture, whatever the shape`() throws {
    let json = #"{"min_pixels": 576, "max_pixels": 8640, "patch_size": 6}"#
    for (width, height) in [(97, 61), (64, 200), (5, 9), (500, 300)] {
      let picture = RGBImage.pattern(width: width, height: height)
      let processed = try Self.processor(json).process(picture)
      let size = try Self.read(json).sizing.size(of: picture.size)
      #expect(processed.pixels.width == size.width && processed.pixels.height == size.height)
      let resized = picture.resized(width: size.width, height: size.height, filter: .bicubic)
      let expected = try ImageProcessor(configuration: .clip).normalise(resized)
      #expect(processed.pixels.values == expected.values && processed.pixels.frames == 1)
      let cell = processed.geometry.cells(rows: 1, columns: 1)[0]
      #expect(abs(cell.width - Double(width)) < 1e-9 && abs(cell.height - Double(height)) < 1e-9)
    }
  }

  @Test func `of a video go in pairs, and an odd number repeats the last`() throws {
    let frames = (0..<5).map { RGBImage.pattern(width: 60, height: 40).shifted(by: UInt8($0 * 7)) }
    let processor = try Self.processor(#"{"min_pixels": 576, "max_pixels": 8640, "patch_size": 6}"#)
    let views = try processor.process(frames: frames, sharesArea: false)
    let single = try frames.map { try processor.process($0).pixels.values }
    #expect(views.count == 3 && views.allSatisfy { $0.pixels.frames == 2 })
    #expect(views[0].pixels.values == single[0] + single[1])
    #expect(views[2].pixels.values == single[4] + single[4])
    #expect(throws: ImageError.self) {
      try processor.process(frames: [frames[0], RGBImage.pattern(width: 61, height: 40)], sharesArea: false)
    }
  }

  @Test func `are refused where they become larger than the limit, before anything is allocated`() throws {
    let picture = RGBImage.pattern(width: 20, height: 20)
    let processor = try Self.processor(#"{"min_pixels": 1000000000000, "max_pixels": 1000000000000}"#)
    #expect(throws: ImageError.self) { try processor.process(picture) }
    #expect(throws: ImageError.self) {
      try processor.process(picture, limits: ImageLimits(maxPixels: 1 << 31))
    }
  }
}

extension RGBImage {
  /// Every byte is `step` larger.
  fileprivate func shifted(by step: UInt8) -> RGBImage {
    RGBImage(width: width, height: height, pixels: pixels.map { $0 &+ step })
  }
}
