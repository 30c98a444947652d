/// A format that can be decoded, recognised by content and never by name.
public enum ImageFormat: String, Sendable {
  case png = "PNG"
  case jpeg = "JPEG"

  /// The format of some bytes, from their first few.
  init(of bytes: [UInt8]) throws(ImageError) {
    if bytes.isEmpty { throw .empty }
    if bytes.starts(with: Self.pngSignature) {
      self = .png
    } else if bytes.starts(with: [0xff, 0xd8, 0xff]) {
      self = .jpeg
    } else {
      throw .unsupportedFormat(found: Self.describe(bytes))
    }
  }

  static let pngSignature: [UInt8] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]

  /// What unsupported bytes look like, for a message: "looks like WebP", or "starts with 00 01 …".
  private static func describe(_ bytes: [UInt8]) -> String {
    if let name = foreignName(bytes) { return "looks like \(name)" }
    if bytes.starts(with: pngSignature.prefix(4)) { return "starts like a PNG that was damaged as text in transfer" }
    if bytes.starts(with: [0xff, 0xd8]) { return "starts like a JPEG but has no marker after its first" }
    let start = bytes.prefix(8)
    if start.allSatisfy({ (0x20..<0x7f).contains($0) || $0 == 0x0a || $0 == 0x0d || $0 == 0x09 }) {
      return "looks like text"
    }
    let digits = start.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }
    return "starts with the bytes \(digits.joined(separator: " "))"
  }

  private static func foreignName(_ bytes: [UInt8]) -> String? {
    func has(_ text: String, at offset: Int = 0) -> Bool {
      bytes.dropFirst(offset).starts(with: Array(text.utf8))
    }
    if has("RIFF") && has("WEBP", at: 8) { return "WebP" }
    if has("GIF8") { return "GIF" }
    if has("BM") { return "BMP" }
    if has("II*\0") || has("MM\0*") { return "TIFF" }
    if has("ftypheic", at: 4) || has("ftypheix", at: 4) || has("ftypmif1", at: 4) { return "HEIC" }
    if has("ftypavif", at: 4) { return "AVIF" }
    if has("ftyp", at: 4) { return "an MP4 video" }
    if has("jP  ", at: 4) { return "JPEG 2000" }
    if bytes.starts(with: [0xff, 0x0a]) || has("JXL ", at: 4) { return "JPEG XL" }
    if has("8BPS") { return "a Photoshop document" }
    if has("%PDF") { return "PDF" }
    if has("<svg") || has("<?xml") { return "SVG" }
    if has("<!DOCTYPE") || has("<html") || has("<!doctype") { return "an HTML page" }
    if has("version https://git-lfs") { return "a Git LFS pointer" }
    if bytes.count > 2, bytes[0] == UInt8(ascii: "P"), (UInt8(ascii: "1")...UInt8(ascii: "7")).contains(bytes[1]) {
      return "PNM"
    }
    return nil
  }
}
