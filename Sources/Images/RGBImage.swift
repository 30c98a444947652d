/// A picture of 8-bit RGB pixels, rows from top to bottom, `pixels[3 * (y * width + x) + channel]`.
public struct RGBImage: Sendable, Equatable {
  /// Width in pixels, at least 1.
  public let width: Int
  /// Height in pixels, at least 1.
  public let height: Int
  /// 3 · width · height bytes, interleaved.
  public let pixels: [UInt8]

  /// `pixels` must hold exactly 3 · width · height bytes.
  public init(width: Int, height: Int, pixels: [UInt8]) {
    precondition(width > 0 && height > 0, "a picture has at least one pixel")
    precondition(pixels.count == 3 * width * height, "a picture of \(width)×\(height) has another number of bytes")
    self.width = width
    self.height = height
    self.pixels = pixels
  }

  /// A picture of one colour.
  public init(width: Int, height: Int, red: UInt8, green: UInt8, blue: UInt8) {
    var pixels: [UInt8] = []
    pixels.reserveCapacity(3 * width * height)
    for _ in 0..<(width * height) {
      pixels.append(red)
      pixels.append(green)
      pixels.append(blue)
    }
    self.init(width: width, height: height, pixels: pixels)
  }

  /// FNV-1a (64 bits) over width, height (each as 8 little-endian bytes) and pixels: equal on every machine and in
  /// every version, so that it may seed a generator.
  public var digest: UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    let prime: UInt64 = 0x100_0000_01b3
    for side in [UInt64(width), UInt64(height)] {
      for shift in stride(from: UInt64(0), to: 64, by: 8) {
        hash = (hash ^ ((side >> shift) & 0xff)) &* prime
      }
    }
    pixels.withUnsafeBufferPointer { bytes in
      for byte in bytes {
        hash = (hash ^ UInt64(byte)) &* prime
      }
    }
    return hash
  }

  /// Pictures side by side in rows of `columns`, each at the top left of a cell as large as the largest, on black.
  public static func sheet(_ pictures: [RGBImage], columns: Int) -> RGBImage {
    precondition(!pictures.isEmpty && columns > 0, "a sheet shows at least one picture")
    let cell = (width: pictures.map(\.width).max() ?? 1, height: pictures.map(\.height).max() ?? 1)
    let across = min(columns, pictures.count)
    let width = across * cell.width
    let height = (pictures.count + across - 1) / across * cell.height
    var pixels = [UInt8](repeating: 0, count: 3 * width * height)
    for (index, picture) in pictures.enumerated() {
      for row in 0..<picture.height {
        let from = 3 * row * picture.width
        let to = 3 * ((index / across * cell.height + row) * width + index % across * cell.width)
        pixels.replaceSubrange(to..<to + 3 * picture.width, with: picture.pixels[from..<from + 3 * picture.width])
      }
    }
    return RGBImage(width: width, height: height, pixels: pixels)
  }

  /// The part of the picture from column `x` and row `y`. It must lie inside the picture.
  public func cropped(x: Int, y: Int, width cropWidth: Int, height cropHeight: Int) -> RGBImage {
    precondition(x >= 0 && y >= 0 && x + cropWidth <= width && y + cropHeight <= height, "the crop leaves the picture")
    var cropped: [UInt8] = []
    cropped.reserveCapacity(3 * cropWidth * cropHeight)
    for row in y..<(y + cropHeight) {
      let start = 3 * (row * width + x)
      cropped.append(contentsOf: pixels[start..<(start + 3 * cropWidth)])
    }
    return RGBImage(width: cropWidth, height: cropHeight, pixels: cropped)
  }

  /// The picture on a canvas of one colour, its top left corner at column `x` and row `y`. The canvas must hold it.
  public func padded(
    width canvasWidth: Int, height canvasHeight: Int, x: Int, y: Int, red: UInt8 = 0, green: UInt8 = 0, blue: UInt8 = 0
  ) -> RGBImage {
    precondition(x >= 0 && y >= 0 && x + width <= canvasWidth && y + height <= canvasHeight, "the canvas is too small")
    var canvas = RGBImage(width: canvasWidth, height: canvasHeight, red: red, green: green, blue: blue).pixels
    for row in 0..<height {
      let from = 3 * row * width
      let to = 3 * ((row + y) * canvasWidth + x)
      canvas.replaceSubrange(to..<(to + 3 * width), with: pixels[from..<(from + 3 * width)])
    }
    return RGBImage(width: canvasWidth, height: canvasHeight, pixels: canvas)
  }
}
