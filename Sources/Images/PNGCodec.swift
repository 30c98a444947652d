import CPNG

/// Reads PNG through libpng.
enum PNGDecoder {
  /// Decodes and turns upright.
  static func decode(
    _ bytes: [UInt8], limits: ImageLimits, transparency: Transparency
  ) throws(ImageError) -> RGBImage {
    let (width, height) = try size(in: bytes)
    try limits.check(width: width, height: height)
    let chunks = try PNGChunks(bytes, width: width, height: height)
    let orientation = try chunks.texts.metadata().orientation
    let picture = try pixels(of: bytes, chunks, width: width, height: height, transparency)
    return picture.oriented(orientation)
  }

  private static func pixels(
    of bytes: [UInt8], _ chunks: PNGChunks, width: Int, height: Int, _ transparency: Transparency
  ) throws(ImageError) -> RGBImage {
    do throws(ImageError) {
      return try pixels(of: bytes, width: width, height: height, transparency)
    } catch {
      guard let completed = PNGCompletion.completed(chunks) else { throw error }
      return try pixels(of: completed, width: width, height: height, transparency)
    }
  }

  private static func pixels(
    of bytes: [UInt8], width: Int, height: Int, _ transparency: Transparency
  ) throws(ImageError) -> RGBImage {
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
