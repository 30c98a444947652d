import CPNG

/// A PNG file's chunks, walked as Pillow 13 walks them: it verifies what comes before the pixels, and of what follows
/// them it reads as much as belongs to the first picture.
struct PNGChunks {
  private struct Chunk {
    let name: String
    let body: Range<Int>
  }

  private let bytes: [UInt8]
  private var position = ImageFormat.pngSignature.count
  private var animation: PNGAnimation
  private(set) var texts = PNGTexts()
  /// What comes before the first pixel chunk, signature included.
  private(set) var head: ArraySlice<UInt8> = []
  /// The bodies of the pixel chunks, which follow one another. The last may be cut short by the file's end.
  private(set) var pixels: [ArraySlice<UInt8>] = []
  /// Whether the file ends inside its last pixel chunk.
  private(set) var isCutInPixels = false

  /// - Parameters: size as in the header.
  /// - Throws: where Pillow refuses the file for its chunks. The pixels themselves are not read.
  init(_ bytes: [UInt8], width: Int, height: Int) throws(ImageError) {
    self.bytes = bytes
    animation = PNGAnimation(width: width, height: height)
    try readHead()
    readPixels()
    if !isCutInPixels { try readTail() }
  }

  private mutating func readHead() throws(ImageError) {
    while true {
      guard let chunk = next() else { throw .truncated(format: .png) }
      guard Self.isName(chunk.name) else { throw .corrupt(format: .png, reason: "a chunk has an impossible name") }
      if chunk.name == "IDAT" {
        head = bytes[..<position]
        return
      }
      guard chunk.body.upperBound + 4 <= bytes.count else { throw .truncated(format: .png) }
      let body = bytes[chunk.body]
      switch chunk.name {
      case "IEND": throw .corrupt(format: .png, reason: "it ends before its pixels")
      case "fdAT": throw .corrupt(format: .png, reason: "it begins with the pixels of a frame (fdAT)")
      case "fcTL":
        try Self.check(chunk.name, body)
        try animation.readFrame(body, isFirst: true)
      case "acTL":
        try Self.check(chunk.name, body)
        try animation.readControl(body)
      default: try read(chunk.name, body)
      }
      let named = bytes[position + 4..<chunk.body.upperBound]
      let checksum = named.withUnsafeBufferPointer { cpng_checksum($0.baseAddress, $0.count) }
      guard Int(checksum) == word(at: chunk.body.upperBound) else {
        throw .corrupt(format: .png, reason: "the checksum of its chunk \(chunk.name) is wrong")
      }
      position = chunk.body.upperBound + 4
    }
  }

  /// Neither Pillow nor this verifies the checksums of pixel chunks, which may even be missing.
  private mutating func readPixels() {
    while let chunk = next(), chunk.name == "IDAT" {
      pixels.append(bytes[chunk.body.clamped(to: 0..<bytes.count)])
      position = chunk.body.upperBound + 4
      isCutInPixels = chunk.body.upperBound > bytes.count
    }
  }

  /// A chunk without its whole body is an error here; a missing end of the file is none.
  private mutating func readTail() throws(ImageError) {
    while let chunk = next(), Self.isName(chunk.name), chunk.name != "IEND" {
      if chunk.name == "fcTL", animation.isAnimated { return }
      guard chunk.body.upperBound <= bytes.count else { throw .truncated(format: .png) }
      let body = bytes[chunk.body]
      switch chunk.name {
      case "tRNS": throw .corrupt(format: .png, reason: "its transparency (tRNS) comes after its pixels")
      case "fcTL":
        try Self.check(chunk.name, body)
        try animation.readFrame(body, isFirst: false)
      case "fdAT":
        try Self.check(chunk.name, body)
        try animation.readPixels(body)
      default: try read(chunk.name, body)
      }
      position = chunk.body.upperBound + 4
    }
  }

  private mutating func read(_ name: String, _ body: ArraySlice<UInt8>) throws(ImageError) {
    try Self.check(name, body)
    if name == "iCCP" { try Self.checkProfile(body) }
    try texts.read(name, body)
  }

  /// The shortest body of a chunk, in bytes.
  private static let shortest = [
    "IHDR": 13, "gAMA": 4, "cHRM": 32, "sRGB": 1, "pHYs": 9, "acTL": 8, "fcTL": 26, "fdAT": 4,
  ]

  private static func check(_ name: String, _ body: ArraySlice<UInt8>) throws(ImageError) {
    guard body.count >= shortest[name] ?? 0 else {
      throw .corrupt(format: .png, reason: "its chunk \(name) is too short: \(body.count) bytes")
    }
  }

  /// The colour profile is not used, but Pillow unpacks it.
  private static func checkProfile(_ body: ArraySlice<UInt8>) throws(ImageError) {
    let rest = body.firstIndex(of: 0).map { body[$0...].dropFirst() } ?? body
    guard rest.first == 0 else {
      throw .corrupt(format: .png, reason: "its colour profile (iCCP) is packed by an unknown method")
    }
    _ = try PNGTexts.inflated(rest.dropFirst())
  }

  /// The chunk at `position`; nil where the file does not have its length and name. Its body may reach beyond the end.
  private func next() -> Chunk? {
    guard position + 8 <= bytes.count else { return nil }
    let name = String(decoding: bytes[position + 4..<position + 8], as: UTF8.self)
    return Chunk(name: name, body: position + 8..<position + 8 + word(at: position))
  }

  /// Letters, digits and underscores are what Pillow lets through.
  private static func isName(_ name: String) -> Bool {
    name.utf8.count == 4
      && name.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"): true
        default: false
        }
      }
  }

  private func word(at offset: Int) -> Int { bytes[offset..<(offset + 4)].reduce(0) { $0 << 8 | Int($1) } }
}
