import Foundation
import Images
import Testing

@Suite struct `The image processor equals transformers'` {
  struct Case: Decodable {
    let name: String
    let picture: String
    let height: Int
    let width: Int
    let digest: String
    let file: String?
  }

  /// The cases with their configurations as JSON bytes, which is what the processor reads.
  static func cases() throws -> [(Case, Data)] {
    let data = try Data(contentsOf: Golden.folder.appendingPathComponent("processed.json"))
    let cases = try JSONDecoder().decode([Case].self, from: data)
    let objects = try #require(JSONSerialization.jsonObject(with: data) as? [[String: Any]])
    return try zip(cases, objects).map { golden, object in
      let configuration = try #require(object["configuration"])
      return (golden, try JSONSerialization.data(withJSONObject: configuration))
    }
  }

  @Test
  func `pixel values are equal bit for bit: sizes, crops, padding, filters, flags, extreme shapes`() throws {
    let cases = try Self.cases()
    #expect(cases.count > 35)
    for (golden, json) in cases {
      let processor = try ImageProcessor(configuration: ImageProcessorConfiguration(json: json))
      let pixels = try processor.process(Golden.picture(golden.picture)).pixels
      #expect(pixels.height == golden.height && pixels.width == golden.width, "\(golden.name) has another size")
      let bytes = pixels.values.flatMap { value in
        (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) }
      }
      #expect(digest(of: bytes) == golden.digest, "\(golden.name) has other values")
      if let file = golden.file { try expectClose(pixels, file) }
    }
  }

  /// A second look at small tensors, which says how far off they are.
  private func expectClose(_ pixels: PixelTensor, _ file: String) throws {
    let bytes = try Golden.bytes(file, in: Golden.folder.appendingPathComponent("tensors"))
    let expected = stride(from: 0, to: bytes.count, by: 4).map { start in
      Float(bitPattern: (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[start + $1]) << (8 * UInt32($1)) })
    }
    try #require(expected.count == pixels.values.count)
    let distance = zip(expected, pixels.values).map { abs($0 - $1) }.max() ?? .infinity
    #expect(distance <= 1e-6, "\(file) is \(distance) off")
  }

  @Test(arguments: ResamplingFilter.allCases)
  func `the whole of a narrow region equals the region of the whole`(filter: ResamplingFilter) throws {
    let picture = RGBImage.pattern(width: 61, height: 23)
    for edge in [7, 23, 40] {
      var configuration = ImageProcessorConfiguration()
      configuration.resample = filter
      configuration.size = .shortestEdge(edge)
      configuration.cropSize = .init(height: 5, width: 9)
      configuration.rescales = false
      configuration.normalises = false
      let processed = try ImageProcessor(configuration: configuration).process(picture)
      let geometry = processed.geometry
      let whole = picture.resized(width: geometry.resizedWidth, height: geometry.resizedHeight, filter: filter)
      let crop = whole.cropped(x: geometry.cropX, y: geometry.cropY, width: 9, height: 5)
      #expect(processed.pixels == (try ImageProcessor(configuration: configuration).normalise(crop)))
    }
  }

  @Test(arguments: [(65535, 1), (1, 65535), (10000, 3), (1_000_000, 1), (1, 1_000_000), (1, 1)])
  func `pictures of extreme shape answer quickly and in little memory`(width: Int, height: Int) throws {
    let picture = RGBImage.pattern(width: width, height: height)
    for size in [ImageProcessorConfiguration.Size.shortestEdge(336), .exact(height: 336, width: 336)] {
      var configuration = ImageProcessorConfiguration()
      configuration.size = size
      configuration.cropSize = .init(height: 336, width: 336)
      let started = ContinuousClock.now
      let pixels = try ImageProcessor(configuration: configuration).process(picture).pixels
      #expect(pixels.values.count == 3 * 336 * 336)
      let allFinite = pixels.values.allSatisfy(\.isFinite)
      #expect(allFinite)
      #expect(ContinuousClock.now - started < .seconds(10))
      // The whole resized width would be 22 GB for the second picture.
      if let peak = peakMemoryBytes() { #expect(peak < 2_000_000_000) }
    }
  }

  @Test
  func `a resized picture that nothing crops is held to the limits`() throws {
    var configuration = ImageProcessorConfiguration()
    configuration.size = .shortestEdge(336)
    configuration.crops = false
    let processor = try ImageProcessor(configuration: configuration)
    #expect(throws: ImageError.resizedTooLarge(width: 1_120_000, height: 336, maxPixels: 100_000_000)) {
      try processor.process(RGBImage.pattern(width: 10000, height: 3))
    }
  }

  @Test
  func `patches lead back to the picture: crop, padding, and the plain case`() throws {
    var configuration = ImageProcessorConfiguration()
    configuration.size = .shortestEdge(100)
    configuration.cropSize = .init(height: 100, width: 100)
    // 400×200 becomes 200×100; the crop takes its middle 100 columns, which are columns 100 to 300 of the picture.
    let cropped = try ImageProcessor(configuration: configuration).geometry(width: 400, height: 200)
    let cells = cropped.cells(rows: 2, columns: 4)
    #expect(cells.count == 8)
    #expect(cells[0] == PictureRectangle(x: 100, y: 0, width: 50, height: 100))
    #expect(cells[7] == PictureRectangle(x: 250, y: 100, width: 50, height: 100))
    configuration.resizes = false
    let padded = try ImageProcessor(configuration: configuration).geometry(width: 50, height: 100)
    #expect(padded.cropX == -25)
    #expect(padded.cells(rows: 1, columns: 4)[0] == PictureRectangle(x: -25, y: 0, width: 25, height: 100))
    #expect(padded.cells(rows: 1, columns: 4)[1].x == 0)
  }
}
