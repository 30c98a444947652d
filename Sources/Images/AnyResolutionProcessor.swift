import Basics

/// A picture as a tower reads it at high resolution: all of it squeezed into one view, and crops of it.
public struct CroppedImage: Sendable {
  /// Of the crops.
  public let grid: Grid
  /// The thumbnail, then the crops row by row.
  public let views: [ProcessedImage]
}

/// transformers' LlavaNextImageProcessor on its Pillow back end. It picks the grid that shows the picture largest, fits
/// the picture into it on a black canvas and cuts the canvas into square crops. A thumbnail that ignores the picture's
/// shape comes first.
public struct AnyResolutionProcessor: Sendable {
  /// Most crops that a grid may have, so that a configuration or an option cannot ask for unbounded memory.
  public static let mostCrops = 256

  /// Rescales and normalises each view.
  public let processor: ImageProcessor
  /// Side of a view, in pixels.
  public let side: Int
  /// Grids to choose from, in the order in which ties are decided.
  public let grids: [Grid]

  /// Throws where the configuration's sizes are not those of a view, or where a grid is unusable.
  public init(configuration: ImageProcessorConfiguration, side: Int, grids: [Grid]) throws(ImageError) {
    processor = try ImageProcessor(configuration: configuration)
    let wanted = "\(side) pixels a side, as the vision tower"
    switch configuration.size {
    case .shortestEdge(side), .exact(height: side, width: side): break
    default: throw .invalidConfiguration(key: "size", found: "\(configuration.size)", expected: wanted)
    }
    let crop = configuration.cropSize
    guard crop.height == side, crop.width == side else {
      throw .invalidConfiguration(key: "crop_size", found: "\(crop.width)×\(crop.height)", expected: wanted)
    }
    guard !grids.isEmpty else {
      throw .invalidConfiguration(key: "image_grid_pinpoints", found: "empty", expected: "at least one resolution")
    }
    if let large = grids.first(where: { $0.count > Self.mostCrops }) {
      throw .invalidConfiguration(
        key: "image_grid_pinpoints", found: "\(large) crops", expected: "at most \(Self.mostCrops) crops")
    }
    self.side = side
    self.grids = grids
  }

  /// The grid for a picture of some size: the most pixels of the picture's own, then the least waste, then the first.
  public func grid(width: Int, height: Int) -> Grid {
    var best = (grid: grids[0], effective: 0, wasted: Int.max)
    for grid in grids {
      let target = (width: grid.columns * side, height: grid.rows * side)
      let scale = min(Double(target.width) / Double(width), Double(target.height) / Double(height))
      let shown = Int(Double(width) * scale) * Int(Double(height) * scale)
      let effective = min(shown, width * height)
      let wasted = target.width * target.height - effective
      if (effective, -wasted) > (best.effective, -best.wasted) { best = (grid, effective, wasted) }
    }
    return best.grid
  }

  /// Processes an upright picture.
  /// - Parameter grid: a fixed grid; by default the picture's shape decides.
  public func process(
    _ picture: RGBImage, grid fixed: Grid? = nil, limits: ImageLimits = ImageLimits()
  ) throws(ImageError) -> CroppedImage {
    let grid = fixed ?? grid(width: picture.width, height: picture.height)
    let canvas = (width: grid.columns * side, height: grid.rows * side)
    guard canvas.width <= limits.maxPixels / canvas.height else {
      throw .resizedTooLarge(width: canvas.width, height: canvas.height, maxPixels: limits.maxPixels)
    }
    let size = fitted(picture, into: canvas)
    let offset = (x: (canvas.width - size.width) / 2, y: (canvas.height - size.height) / 2)
    let whole = picture.resized(width: size.width, height: size.height, filter: processor.configuration.resample)
      .padded(width: canvas.width, height: canvas.height, x: offset.x, y: offset.y)
    var views = [thumbnail(of: picture)]
    for row in 0..<grid.rows {
      for column in 0..<grid.columns {
        let crop = whole.cropped(x: column * side, y: row * side, width: side, height: side)
        views.append(
          ProcessedImage(
            pixels: processor.normalise(crop),
            geometry: ProcessedGeometry(
              pictureWidth: picture.width, pictureHeight: picture.height, resizedWidth: size.width,
              resizedHeight: size.height, cropX: column * side - offset.x, cropY: row * side - offset.y, width: side,
              height: side)))
      }
    }
    return CroppedImage(grid: grid, views: views)
  }

  private func thumbnail(of picture: RGBImage) -> ProcessedImage {
    let pixels = picture.resized(width: side, height: side, filter: processor.configuration.resample)
    return ProcessedImage(
      pixels: processor.normalise(pixels),
      geometry: ProcessedGeometry(
        pictureWidth: picture.width, pictureHeight: picture.height, resizedWidth: side, resizedHeight: side, cropX: 0,
        cropY: 0, width: side, height: side))
  }

  /// The picture's size inside the canvas: one side fills it, the other is rounded up.
  private func fitted(_ picture: RGBImage, into canvas: (width: Int, height: Int)) -> (width: Int, height: Int) {
    let horizontal = Double(canvas.width) / Double(picture.width)
    let vertical = Double(canvas.height) / Double(picture.height)
    if horizontal < vertical {
      let height = Int((Double(picture.height) * horizontal).rounded(.up))
      return (canvas.width, min(height, canvas.height))
    }
    let width = Int((Double(picture.width) * vertical).rounded(.up))
    return (min(width, canvas.width), canvas.height)
  }
}
