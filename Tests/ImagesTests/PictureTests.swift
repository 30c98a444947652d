import Images
import Testing

@Suite struct `Pictures, overlays and maps` {
  @Test
  func `the digest is FNV-1a over size and pixels, and tells shapes apart`() {
    #expect(RGBImage(width: 1, height: 1, pixels: [1, 2, 3]).digestText == "cbff0510e3d09c0b")
    #expect(
      RGBImage.pattern(width: 2, height: 3).digest
        != RGBImage(width: 3, height: 2, pixels: RGBImage.pattern(width: 2, height: 3).pixels).digest)
  }

  @Test(arguments: [(1, 1), (3, 2), (100, 7), (2, 300)])
  func `a written PNG reads back equal, and is equal each time`(width: Int, height: Int) throws {
    let picture = RGBImage.pattern(width: width, height: height)
    let encoded = PNGEncoder.encode(picture)
    #expect(try ImageDecoder.decode(encoded) == picture)
    #expect(PNGEncoder.encode(picture) == encoded)
  }

  @Test(arguments: ResamplingFilter.allCases)
  func `resizing to the same size changes nothing`(filter: ResamplingFilter) {
    let picture = RGBImage.pattern(width: 13, height: 8)
    #expect(picture.resized(width: 13, height: 8, filter: filter) == picture)
  }

  @Test
  func `padding and cropping undo each other`() {
    let picture = RGBImage.pattern(width: 5, height: 4)
    let padded = picture.padded(width: 9, height: 11, x: 3, y: 2, red: 7, green: 8, blue: 9)
    #expect(padded.cropped(x: 3, y: 2, width: 5, height: 4) == picture)
    #expect(Array(padded.pixels.prefix(3)) == [7, 8, 9])
  }

  @Test
  func `threads that decode, process and draw at once agree`() async throws {
    let bytes = try Golden.bytes("jpeg-progressive.jpg")
    let png = try Golden.bytes("palette-alpha.png")
    let digests = try await withThrowingTaskGroup(of: [UInt64].self) { group in
      for _ in 0..<3 {
        group.addTask {
          var digests: [UInt64] = []
          for _ in 0..<20 {
            let picture = try ImageDecoder.decode(bytes)
            let processed = try ImageProcessor(configuration: .clip).process(picture)
            let cells = processed.geometry.cells(rows: 4, columns: 4)
            let overlay = ImageOverlay().render(picture: picture, cells: cells, kept: [3, 7])
            let other = try ImageDecoder.decode(png, transparency: .overWhite)
            digests += [picture.digest, overlay.digest, other.digest]
          }
          return digests
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(digests.count == 3)
    #expect(Set(digests).count == 1)
    #expect(Set(digests.flatMap { $0 }).count == 3)
  }

  @Test
  func `an overlay keeps kept patches bright, dims dropped ones, and darkens what was cropped away`() {
    let picture = RGBImage(width: 400, height: 200, red: 200, green: 100, blue: 50)
    let geometry = ProcessedGeometry(
      pictureWidth: 400, pictureHeight: 200, resizedWidth: 200, resizedHeight: 100, cropX: 50, cropY: 0, width: 100,
      height: 100)
    let overlay = ImageOverlay().render(picture: picture, cells: geometry.cells(rows: 2, columns: 2), kept: [0])
    #expect(overlay.width == 800 && overlay.height == 400)
    func pixel(_ x: Int, _ y: Int) -> [Int] {
      overlay.pixels[(3 * (y * 800 + x))..<(3 * (y * 800 + x) + 3)].map(Int.init)
    }
    #expect(pixel(300, 100) == [200, 100, 50], "the middle of the kept patch is untouched")
    let dropped = pixel(500, 300)
    let outside = pixel(50, 200)
    #expect(dropped.reduce(0, +) < 350 / 2)
    #expect(dropped[0] - dropped[2] < 40, "dropped patches are nearly grey")
    #expect(outside.reduce(0, +) < dropped.reduce(0, +))
    #expect(pixel(201, 100) != [200, 100, 50], "a kept patch has a frame")
  }

  @Test
  func `outlines are drawn over everything, and inside the picture`() {
    let picture = RGBImage(width: 800, height: 400, red: 200, green: 100, blue: 50)
    let half = PictureRectangle(x: 0, y: 0, width: 400, height: 400)
    let overlay = ImageOverlay().render(picture: picture, cells: [half], kept: [0], outlines: [half])
    func pixel(_ x: Int, _ y: Int) -> [Int] {
      overlay.pixels[(3 * (y * 800 + x))..<(3 * (y * 800 + x) + 3)].map(Int.init)
    }
    for (x, y) in [(0, 0), (399, 200), (200, 399), (0, 399)] { #expect(pixel(x, y).allSatisfy { $0 > 220 }) }
    #expect(pixel(200, 200) == [200, 100, 50] && pixel(402, 200).allSatisfy { $0 < 100 })
  }

  @Test
  func `a sheet puts pictures of several sizes side by side, in rows`() {
    let small = RGBImage(width: 2, height: 1, red: 1, green: 2, blue: 3)
    let tall = RGBImage(width: 1, height: 3, red: 9, green: 8, blue: 7)
    let sheet = RGBImage.sheet([small, tall, tall], columns: 2)
    #expect(sheet.width == 4 && sheet.height == 6)
    #expect(sheet.cropped(x: 0, y: 0, width: 2, height: 1) == small)
    #expect(sheet.cropped(x: 2, y: 0, width: 1, height: 3) == tall)
    #expect(sheet.cropped(x: 0, y: 3, width: 1, height: 3) == tall)
    let rest = sheet.pixels.reduce(0) { $0 + Int($1) }
    #expect(rest == 2 * 6 + 2 * 3 * 24, "everything else is black")
    #expect(RGBImage.sheet([small], columns: 4) == small)
  }

  @Test
  func `the higher a kept patch's score, the warmer its tint; odd scores do no harm`() {
    let picture = RGBImage(width: 300, height: 100, red: 100, green: 100, blue: 100)
    let cells = (0..<3).map { PictureRectangle(x: Double(100 * $0), y: 0, width: 100, height: 100) }
    let overlay = ImageOverlay().render(
      picture: picture, cells: cells, kept: [0, 1, 2], scores: [.nan, 0.5, .infinity])
    let brightness = (0..<3).map { index in
      let start = 3 * (overlay.width * overlay.height / 2 + overlay.width * (2 * index + 1) / 6)
      return overlay.pixels[start..<(start + 3)].reduce(0) { $0 + Int($1) }
    }
    #expect(brightness[0] < brightness[1] && brightness[1] < brightness[2])
  }

  @Test
  func `cells outside the picture and pictures of one pixel can be drawn`() {
    let cells = [
      PictureRectangle(x: -5, y: -5, width: 3, height: 3), PictureRectangle(x: 0.2, y: 0, width: 0.1, height: 9),
    ]
    let overlay = ImageOverlay().render(
      picture: .pattern(width: 1, height: 1), cells: cells, kept: [0, 1], scores: [1, 1])
    #expect(overlay.width == 672 && overlay.height == 672)
  }

  @Test
  func `a map runs from dark to light, with grey for what is not finite`() {
    let map = HeatmapRenderer.render([0, 1, 0.5, .nan], rows: 2, columns: 2, cellSize: 3)
    #expect(map.width == 6 && map.height == 6)
    #expect(Array(map.pixels.prefix(3)) == [0, 0, 4])
    #expect(Array(map.pixels[9..<12]) == [252, 255, 164])
    #expect(Array(map.pixels.suffix(3)) == [128, 128, 128])
    #expect(HeatmapRenderer.render([2], rows: 1, columns: 1, cellSize: 1).pixels == [186, 54, 85])
  }
}
