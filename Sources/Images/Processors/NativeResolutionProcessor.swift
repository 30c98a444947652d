import Basics

/// transformers' Qwen2VLImageProcessor on its Pillow back end: resizes pictures to whole cells without changing their
/// shape much, rescales and normalises. One view a picture, and one view a pair of frames.
public struct NativeResolutionProcessor: Sendable {
  public let configuration: NativeResolutionConfiguration
  private let processor: ImageProcessor

  /// - Throws: where the configuration asks for something impossible.
  public init(configuration: NativeResolutionConfiguration) throws(ImageError) {
    self.configuration = configuration
    processor = try ImageProcessor(configuration: configuration.pixels)
  }

  /// Processes an upright picture.
  /// - Parameter mostCells: most tokens that it may become; nil: the configuration decides.
  public func process(
    _ picture: RGBImage, mostCells: Int? = nil, limits: ImageLimits = ImageLimits()
  ) throws(ImageError) -> ProcessedImage {
    let size = try configuration.sizing.size(of: picture.size, mostCells: mostCells)
    return try view([picture], size: size, limits: limits)
  }

  /// Processes the frames of one video, in order of time, two to a view; an odd number repeats the last.
  /// - Parameters:
  ///   - sharesArea: whether the areas are bounds on all frames together.
  ///   - mostCells: most tokens that a view may become; nil: the configuration decides.
  /// - Throws: `unequalFrames`, and what a picture throws.
  public func process(
    frames: [RGBImage], sharesArea: Bool, mostCells: Int? = nil, limits: ImageLimits = ImageLimits()
  ) throws(ImageError) -> [ProcessedImage] {
    guard let first = frames.first?.size else { return [] }
    for (number, frame) in frames.enumerated() where frame.size != first {
      throw .unequalFrames(first: first, other: frame.size, number: number)
    }
    let sizing = configuration.sizing
    let size =
      sharesArea
      ? try sizing.size(of: first, sharedBy: frames.count, mostCells: mostCells)
      : try sizing.size(of: first, mostCells: mostCells)
    var views: [ProcessedImage] = []
    for start in stride(from: 0, to: frames.count, by: 2) {
      let pair = [frames[start], frames[min(start + 1, frames.count - 1)]]
      views.append(try view(pair, size: size, limits: limits))
    }
    return views
  }

  private func view(_ frames: [RGBImage], size: PixelSize, limits: ImageLimits) throws(ImageError) -> ProcessedImage {
    guard size.width <= limits.maxPixels / size.height else {
      throw .resizedTooLarge(width: size.width, height: size.height, maxPixels: limits.maxPixels)
    }
    let pixels = frames.map {
      processor.normalise(
        $0.resized(width: size.width, height: size.height, filter: configuration.pixels.resample))
    }
    return ProcessedImage(
      pixels: PixelTensor(
        frames: frames.count, height: size.height, width: size.width,
        values: pixels.count == 1 ? pixels[0].values : pixels.flatMap(\.values)),
      geometry: ProcessedGeometry(
        pictureWidth: frames[0].width, pictureHeight: frames[0].height, resizedWidth: size.width,
        resizedHeight: size.height, cropX: 0, cropY: 0, width: size.width, height: size.height))
  }
}

extension RGBImage {
  /// Width and height in pixels.
  public var size: PixelSize { PixelSize(width: width, height: height) }
}
