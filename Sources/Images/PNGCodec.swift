import CPNG

/// Reads PNG through libpng.
enum PNGDecoder {
  /// Decodes without applying the orientation.
  static func decode(
    _ bytes: [UInt8], limits: ImageLimits, transparency: Transparency
  ) throws(ImageError) -> RGBImage {
    let (width, height) = try size(in: bytes)
    try limits.check(width: width, height: height)
    let bytes = try checked(bytes)
    var message = [CChar](repeating: 0, count: Int(CPNG_MESSAGE_BYTES))
    var status: Int32 = 0
    let count = 3 * width * height
    let pixels = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialised in
      bytes.withUnsafeBufferPointer { source in
        status = cpng_read_rgb(
          source.baseAddress, source.count, UInt32(width), UInt32(height), transparency.rule,
          buffer.baseAddress, &message)
      }
      // A failed read leaves bytes unset; they are never read.
      initialised = status == 0 ? count : 0
    }
    guard status == 0 else { throw .corrupt(format: .png, reason: text(of: message)) }
    return RGBImage(width: width, height: height, pixels: pixels)
  }

  /// Width and height as the header claims them. IHDR must come first.
  private static func size(in bytes: [UInt8]) throws(ImageError) -> (width: Int, height: Int) {
    guard bytes.count >= 24 else { throw .truncated(format: .png) }
    guard bytes[12..<16].elementsEqual("IHDR".utf8) else {
      throw .corrupt(format: .png, reason: "it does not start with a header (IHDR)")
    }
    return (word(bytes, at: 16), word(bytes, at: 20))
  }

  /// Like Pillow, verifies only the checksums of the chunks before the pixels.
  /// - Returns: the file. If it ends inside the checksum of a pixel chunk, zeros complete it: its value is not checked,
  ///   but libpng would refuse the file although all pixels may be present.
  private static func checked(_ bytes: [UInt8]) throws(ImageError) -> [UInt8] {
    var position = ImageFormat.pngSignature.count
    var sawPixels = false
    while position + 8 <= bytes.count {
      let end = position + 8 + word(bytes, at: position)
      guard end <= bytes.count else { break }
      let named = bytes[position + 4..<end]
      let arePixels = named.starts(with: "IDAT".utf8)
      guard end + 4 <= bytes.count else {
        return arePixels ? bytes + [UInt8](repeating: 0, count: end + 4 - bytes.count) : bytes
      }
      sawPixels = sawPixels || arePixels
      guard sawPixels || checksum(of: named) == word(bytes, at: end) else {
        let name = String(decoding: named.prefix(4), as: UTF8.self)
        throw .corrupt(format: .png, reason: "the checksum of its chunk \(name) is wrong")
      }
      position = end + 4
    }
    return bytes
  }

  private static func checksum(of named: ArraySlice<UInt8>) -> Int {
    Int(named.withUnsafeBufferPointer { cpng_checksum($0.baseAddress, $0.count) })
  }

  private static func word(_ bytes: [UInt8], at offset: Int) -> Int {
    bytes[offset..<(offset + 4)].reduce(0) { $0 << 8 | Int($1) }
  }
}

/// Writes PNG through libpng.
public enum PNGEncoder {
  /// A PNG of 8-bit RGB. Equal pictures give equal bytes.
  public static func encode(_ picture: RGBImage) -> [UInt8] {
    var message = [CChar](repeating: 0, count: Int(CPNG_MESSAGE_BYTES))
    var encoded: UnsafeMutablePointer<UInt8>?
    var length = 0
    let status = picture.pixels.withUnsafeBufferPointer { pixels in
      cpng_write(
        pixels.baseAddress, UInt32(picture.width), UInt32(picture.height), 3, &encoded, &length, &message)
    }
    // An RGBImage is always valid for libpng: only memory can run out.
    guard status == 0, let encoded else { preconditionFailure("PNG encoding failed: \(text(of: message))") }
    defer { cpng_free(encoded) }
    return Array(UnsafeBufferPointer(start: encoded, count: length))
  }
}

private func text(of message: [CChar]) -> String {
  String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
