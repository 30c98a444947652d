import Basics

/// How large a picture becomes for a tower that reads pictures of any shape: sides that are multiples of a cell, an
/// area between two bounds, and nearly the picture's own shape. transformers' `smart_resize` of the Qwen-VL processors.
public struct NativeResolutionSizing: Sendable, Hashable {
  /// Longer side ÷ shorter side of the narrowest picture that is read.
  public static let largestRatio = 200

  /// Side of a cell, in pixels: the patches that become one token.
  public var cellSize: Int
  /// Smallest area, in pixels.
  public var leastArea: Int
  /// Largest area, in pixels.
  public var mostArea: Int

  public init(cellSize: Int, leastArea: Int, mostArea: Int) {
    self.cellSize = cellSize
    self.leastArea = leastArea
    self.mostArea = mostArea
  }

  /// The size in which a picture is read.
  /// - Parameter mostCells: an additional bound, which holds whatever the picture's shape; nil: none.
  /// - Throws: `extremeShape`.
  public func size(of picture: PixelSize, mostCells: Int? = nil) throws(ImageError) -> PixelSize {
    try size(of: picture, frames: 1, countedFrames: 1, mostCells: mostCells)
  }

  /// The size in which every frame of a video is read where the bounds are on the pixels of all frames together, as
  /// Qwen3-VL's video processor has them.
  /// - Parameters:
  ///   - frames: their number, at least one. A single frame is read twice.
  ///   - mostCells: an additional bound on the cells of one frame; nil: none.
  /// - Throws: `extremeShape`.
  public func size(of picture: PixelSize, sharedBy frames: Int, mostCells: Int? = nil) throws(ImageError) -> PixelSize {
    let frames = max(frames, 2)
    var picture = picture
    if min(picture.width, picture.height) < cellSize {
      let scale = max(Double(cellSize) / Double(picture.height), Double(cellSize) / Double(picture.width))
      picture = PixelSize(
        width: Int(Double(picture.width) * scale), height: Int(Double(picture.height) * scale))
    }
    let pairs = Int((Double(frames) / 2).rounded(.toNearestOrEven))
    return try size(of: picture, frames: frames, countedFrames: 2 * pairs, mostCells: mostCells)
  }

  /// - Parameter countedFrames: how often the rounded area counts; the exact one counts `frames` times.
  private func size(
    of picture: PixelSize, frames: Int, countedFrames: Int, mostCells: Int?
  ) throws(ImageError) -> PixelSize {
    let (short, long) = (min(picture.width, picture.height), max(picture.width, picture.height))
    guard short > 0, Double(long) / Double(short) <= Double(Self.largestRatio) else {
      throw .extremeShape(width: picture.width, height: picture.height, largestRatio: Self.largestRatio)
    }
    let area = Double(frames) * Double(picture.width) * Double(picture.height)
    let least = min(leastArea, mostCells.map { $0 * cellSize * cellSize * countedFrames } ?? .max)
    var size = scaled(picture, by: 1, .toNearestOrEven)
    if countedFrames * size.width * size.height > mostArea {
      size = shrunk(picture, by: (area / Double(mostArea)).squareRoot())
    } else if countedFrames * size.width * size.height < least {
      size = scaled(picture, by: (Double(least) / area).squareRoot(), .up)
    }
    guard let mostCells, cells(size) > mostCells else { return size }
    return bounded(picture, mostCells: mostCells)
  }

  /// Whole cells near the scaled sides; rounding decides which.
  private func scaled(_ picture: PixelSize, by scale: Double, _ rule: FloatingPointRoundingRule) -> PixelSize {
    func side(_ length: Int) -> Int {
      Int((Double(length) * scale / Double(cellSize)).rounded(rule)) * cellSize
    }
    return PixelSize(width: side(picture.width), height: side(picture.height))
  }

  /// Whole cells that fit into the divided sides, one at least.
  private func shrunk(_ picture: PixelSize, by divisor: Double) -> PixelSize {
    func side(_ length: Int) -> Int {
      max(1, Int((Double(length) / divisor / Double(cellSize)).rounded(.down))) * cellSize
    }
    return PixelSize(width: side(picture.width), height: side(picture.height))
  }

  /// As the largest area bounds it; then the longer side gives way where the shorter is one cell.
  private func bounded(_ picture: PixelSize, mostCells: Int) -> PixelSize {
    let area = Double(picture.width) * Double(picture.height)
    let size = shrunk(picture, by: (area / Double(mostCells * cellSize * cellSize)).squareRoot())
    let limit = mostCells * cellSize
    return cells(size) <= mostCells
      ? size : PixelSize(width: min(size.width, limit), height: min(size.height, limit))
  }

  private func cells(_ size: PixelSize) -> Int { size.width / cellSize * (size.height / cellSize) }
}
