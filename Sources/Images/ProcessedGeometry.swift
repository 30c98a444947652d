/// A rectangle in pixels of an upright picture; the origin is the top left corner, edges may fall inside pixels.
public struct PictureRectangle: Sendable, Equatable {
  public let x: Double
  public let y: Double
  public let width: Double
  public let height: Double

  public init(x: Double, y: Double, width: Double, height: Double) {
    self.x = x
    self.y = y
    self.width = width
    self.height = height
  }
}

/// Where the processed pixels come from: it maps patches back to the upright original picture.
public struct ProcessedGeometry: Sendable, Equatable {
  /// Size of the upright original, in pixels.
  public let pictureWidth: Int
  public let pictureHeight: Int
  /// Size after resizing, before the crop.
  public let resizedWidth: Int
  public let resizedHeight: Int
  /// Column and row of the resized picture at the output's origin; negative where the crop pads.
  public let cropX: Int
  public let cropY: Int
  /// Size of the output.
  public let width: Int
  public let height: Int

  public init(
    pictureWidth: Int, pictureHeight: Int, resizedWidth: Int, resizedHeight: Int, cropX: Int, cropY: Int, width: Int,
    height: Int
  ) {
    self.pictureWidth = pictureWidth
    self.pictureHeight = pictureHeight
    self.resizedWidth = resizedWidth
    self.resizedHeight = resizedHeight
    self.cropX = cropX
    self.cropY = cropY
    self.width = width
    self.height = height
  }

  /// What each patch of a grid over the output covers of the original, in raster order: rows · columns rectangles.
  /// Patches over padding lie outside the picture.
  public func cells(rows: Int, columns: Int) -> [PictureRectangle] {
    precondition(rows > 0 && columns > 0, "a grid has at least one patch")
    let scaleX = Double(pictureWidth) / Double(resizedWidth)
    let scaleY = Double(pictureHeight) / Double(resizedHeight)
    let cellWidth = Double(width) / Double(columns)
    let cellHeight = Double(height) / Double(rows)
    var cells: [PictureRectangle] = []
    cells.reserveCapacity(rows * columns)
    for row in 0..<rows {
      for column in 0..<columns {
        cells.append(
          PictureRectangle(
            x: (Double(cropX) + Double(column) * cellWidth) * scaleX,
            y: (Double(cropY) + Double(row) * cellHeight) * scaleY,
            width: cellWidth * scaleX, height: cellHeight * scaleY))
      }
    }
    return cells
  }
}
