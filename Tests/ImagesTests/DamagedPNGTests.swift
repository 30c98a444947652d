import CPNG
import Testing

@testable import Images

/// What Pillow 13 reads of a damaged PNG and what it refuses, tried out with it on files damaged in this way: a picture
/// whose pixels are all there is read, whatever follows; checksums count in front of the pixels only.
@Suite struct `A damaged PNG` {
  private static let picture = RGBImage(width: 3, height: 1, pixels: [10, 20, 30, 40, 50, 60, 70, 80, 90])
  private static let png = PNGEncoder.encode(picture)
  /// Where the chunk IEND begins.
  private static let end = png.count - 12

  private static func word(_ value: Int) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) }
  }

  /// The PNG with a chunk of a wrong checksum after its header (8 bytes of signature, 25 of header).
  private static func png(addingWrong name: String, _ body: [UInt8]) -> [UInt8] {
    let named = Array(name.utf8) + body
    let checksum = named.withUnsafeBufferPointer { cpng_checksum($0.baseAddress, $0.count) }
    return Array(png[..<33]) + word(body.count) + named + word(Int(checksum) ^ 1) + Array(png[33...])
  }

  private static func flipping(_ index: Int) -> [UInt8] {
    var bytes = png
    bytes[index] ^= 1
    return bytes
  }

  @Test(arguments: [
    ("without an end", Array(png[..<end])), ("cut in the pixels' checksum", Array(png[..<(end - 2)])),
    ("with a wrong checksum of pixels", flipping(end - 1)),
    ("with a wrong checksum of the end", flipping(png.count - 1)),
    ("with something after its end", png + [1, 2, 3]),
  ])
  func `is read where its pixels are all there`(_ what: String, bytes: [UInt8]) throws {
    #expect(try ImageDecoder.decode(bytes) == Self.picture, "\(what)")
  }

  @Test(arguments: [
    ("with a wrong checksum of its header", flipping(32)),
    ("with a wrong checksum of a text", png(addingWrong: "tEXt", Array("a\0b".utf8))),
    ("with a wrong checksum of a gamma", png(addingWrong: "gAMA", [0, 0, 0xB1, 0x8F])),
    ("cut in its pixels", Array(png[..<(end - 12)])),
    ("whose pixels' own checksum is wrong", flipping(end - 5)),
  ])
  func `is refused where Pillow refuses it`(_ what: String, bytes: [UInt8]) {
    #expect(throws: ImageError.self, "\(what)") { try ImageDecoder.decode(bytes) }
  }
}
