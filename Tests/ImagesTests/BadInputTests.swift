import Images
import Testing

@Suite struct `Bad pictures are errors, never crashes` {
  @Test
  func `no bytes at all`() {
    #expect(decodingError([]) == .empty)
  }

  @Test(arguments: [
    ("GIF89a", "GIF"), ("RIFF\u{1}\u{1}\u{1}\u{1}WEBPVP8 ", "WebP"), ("BM123456", "BMP"), ("II*\0abcd", "TIFF"),
    ("<!DOCTYPE html>", "HTML"), ("%PDF-1.7", "PDF"), ("hello, world", "text"), ("\u{1}\u{2}\u{3}", "01 02 03"),
    ("version https://git-lfs.github.com/spec/v1", "LFS"),
  ])
  func `foreign formats are named by content`(text: String, name: String) {
    let error = decodingError(Array(text.utf8))
    #expect(error?.message.contains(name) == true, "\(error?.message ?? "no error")")
    #expect(error?.hint == "convert the image to PNG or JPEG")
  }

  /// A PNG has all its rows before the end of the packed data, their checksum and the chunk IEND. Pillow 13 reads the
  /// two pictures without these 22 or 21 bytes, but not without one more. A JPEG ends with its last pixels.
  @Test(arguments: [
    ("rgba.png", 22), ("palette-alpha.png", 21), ("jpeg-420.jpg", 0), ("jpeg-progressive.jpg", 0),
  ])
  func `every prefix without all pixels is an error`(file: String, unneeded: Int) throws {
    let bytes = try Golden.bytes(file)
    for count in 0..<(bytes.count - unneeded) {
      if decodingError(Array(bytes.prefix(count))) == nil { Issue.record("\(file): \(count) bytes are enough") }
    }
    #expect(decodingError(Array(bytes.dropLast(unneeded))) == nil)
  }

  @Test(arguments: ["rgba.png", "turned-6.png", "jpeg-422.jpg", "turned-7.jpg", "jpeg-cmyk.jpg"])
  func `every damaged byte gives a picture or an error`(file: String) throws {
    let bytes = try Golden.bytes(file)
    let limits = ImageLimits(maxPixels: 1_000_000)
    var refused = 0
    for position in bytes.indices {
      for mask: UInt8 in [0xff, 0x01, 0x80] {
        var damaged = bytes
        damaged[position] ^= mask
        if decodingError(damaged, limits: limits) != nil { refused += 1 }
      }
    }
    #expect(refused > 0)
  }

  @Test
  func `a header's size is checked before anything is allocated`() throws {
    var png = try Golden.bytes("rgba.png")
    png.replaceSubrange(16..<24, with: [0x7f, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff])
    #expect(
      decodingError(png)
        == .tooLarge(width: 2_147_483_647, height: 2_147_483_647, maxPixels: 100_000_000))
    var jpeg = try Golden.bytes("jpeg-grey.jpg")
    let frame = try #require(jpeg.indices.first { jpeg[$0] == 0xff && jpeg[$0 + 1] == 0xc0 })
    jpeg.replaceSubrange((frame + 5)..<(frame + 9), with: [0xfd, 0xe8, 0xfd, 0xe8])
    #expect(decodingError(jpeg) == .tooLarge(width: 65000, height: 65000, maxPixels: 100_000_000))
    #expect(try decodingError(Golden.bytes("rgba.png"), limits: ImageLimits(maxPixels: 383)) != nil)
    #expect(try decodingError(Golden.bytes("rgba.png"), limits: ImageLimits(maxPixels: 384)) == nil)
  }

  @Test
  func `a progressive JPEG of a thousand scans is refused`() throws {
    let bytes = try Golden.bytes("jpeg-progressive.jpg")
    let last = try #require(bytes.indices.dropLast().last { bytes[$0] == 0xff && bytes[$0 + 1] == 0xda })
    let scan = bytes[last..<(bytes.count - 2)]
    #expect(decodingError(bytes[..<last] + Array(repeating: scan, count: 3).joined() + [0xff, 0xd9]) == nil)
    let error = decodingError(bytes[..<last] + Array(repeating: scan, count: 1000).joined() + [0xff, 0xd9])
    #expect(error?.message.contains("scans") == true, "\(error?.message ?? "no error")")
  }

  @Test
  func `a truncated JPEG says so`() throws {
    #expect(try decodingError(Golden.bytes("jpeg-truncated.jpg")) == .truncated(format: .jpeg))
    #expect(try decodingError(Golden.bytes("jpeg-no-end.jpg")) == .truncated(format: .jpeg))
  }

  @Test
  func `messages and hints are one line each`() {
    let errors: [ImageError] = [
      .empty, .unsupportedFormat(found: "looks like GIF"), .corrupt(format: .png, reason: "bad"),
      .corrupt(format: nil, reason: "bad"), .truncated(format: .jpeg), .tooLarge(width: 2, height: 3, maxPixels: 5),
      .resizedTooLarge(width: 2, height: 3, maxPixels: 5), .unreadableConfiguration(reason: "no"),
      .invalidConfiguration(key: "size", found: "0", expected: "more"),
    ]
    for error in errors {
      #expect(!error.message.contains("\n") && !error.hint.contains("\n"))
      #expect(error.hint.count > 10)
    }
    #expect(ImageError.tooLarge(width: 2, height: 3, maxPixels: 5).message.contains("2×3"))
  }
}
