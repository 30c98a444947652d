/// The frames of an animated PNG, as far as they decide what Pillow reads of its first picture.
struct PNGAnimation {
  /// Width and height of the picture.
  private let size: (width: Int, height: Int)
  /// The number of frames that acTL announces; nil without a valid one.
  private var frames: Int?
  /// The sequence number of the last frame chunk.
  private var sequence: Int?
  private var hasFrameBeforePixels = false

  init(width: Int, height: Int) { size = (width, height) }

  /// Whether Pillow stops at the next frame, once it has the pixels of the first picture. A picture outside the
  /// animation counts as a frame.
  var isAnimated: Bool { (frames ?? 1) + (frames != nil && !hasFrameBeforePixels ? 1 : 0) > 1 }

  /// Reads an acTL chunk before the pixels. A second one makes both invalid.
  mutating func readControl(_ body: ArraySlice<UInt8>) throws(ImageError) {
    let count = word(body, 0)
    frames = frames == nil && count > 0 && count <= 0x8000_0000 ? count : nil
  }

  /// Reads an fcTL chunk.
  /// - Parameter isFirst: whether it comes before the pixels.
  mutating func readFrame(_ body: ArraySlice<UInt8>, isFirst: Bool) throws(ImageError) {
    try follow(word(body, 0))
    let (width, height, left, top) = (word(body, 4), word(body, 8), word(body, 12), word(body, 16))
    guard left + width <= size.width, top + height <= size.height else {
      throw .corrupt(format: .png, reason: "a frame (fcTL) is larger than the picture")
    }
    guard isFirst else { return }
    // Pillow paints such a frame on black.
    guard width == size.width, height == size.height else {
      throw .corrupt(format: .png, reason: "its first frame (fcTL) is smaller than the picture")
    }
    hasFrameBeforePixels = true
  }

  /// Reads an fdAT chunk of a picture that is not animated.
  mutating func readPixels(_ body: ArraySlice<UInt8>) throws(ImageError) { try follow(word(body, 0)) }

  private mutating func follow(_ number: Int) throws(ImageError) {
    guard number == sequence.map({ $0 + 1 }) ?? 0 else {
      throw .corrupt(format: .png, reason: "its frames (fcTL, fdAT) are not in sequence")
    }
    sequence = number
  }

  private func word(_ body: ArraySlice<UInt8>, _ offset: Int) -> Int {
    body.dropFirst(offset).prefix(4).reduce(0) { $0 << 8 | Int($1) }
  }
}
