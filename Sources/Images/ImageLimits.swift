/// How large a picture may be. Checked from headers, before anything of that size is allocated.
public struct ImageLimits: Sendable, Equatable {
  /// Largest width · height, of a decoded picture and of a resized one.
  public var maxPixels: Int

  /// Longest side, the same as libpng's own default: it bounds tables that grow with one side only.
  public static let maxSide = 1_000_000

  /// 100 megapixels unless told otherwise.
  public init(maxPixels: Int = 100_000_000) {
    self.maxPixels = maxPixels
  }

  func check(width: Int, height: Int) throws(ImageError) {
    guard width > 0 && height > 0 else {
      throw .corrupt(format: nil, reason: "its header claims \(width)×\(height) pixels")
    }
    // Division, because the product of two claimed sides may overflow.
    guard width <= Self.maxSide && height <= Self.maxSide && width <= maxPixels / height else {
      throw .tooLarge(width: width, height: height, maxPixels: maxPixels)
    }
  }
}
