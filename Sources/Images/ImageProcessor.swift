/// A picture as a vision tower reads it, and the geometry that leads back to the picture.
public struct ProcessedImage: Sendable, Equatable {
  public let pixels: PixelTensor
  public let geometry: ProcessedGeometry

  public init(pixels: PixelTensor, geometry: ProcessedGeometry) {
    self.pixels = pixels
    self.geometry = geometry
  }
}

/// transformers' CLIPImageProcessor on its Pillow back end: resize, centre crop, rescale, normalise.
public struct ImageProcessor: Sendable {
  public let configuration: ImageProcessorConfiguration

  /// Throws where the configuration asks for something impossible, such as a deviation of zero.
  public init(configuration: ImageProcessorConfiguration) throws(ImageError) {
    try configuration.validate()
    self.configuration = configuration
  }

  /// Processes an upright picture. Only what the crop keeps is resized; that part is held to the limits.
  public func process(
    _ picture: RGBImage, limits: ImageLimits = ImageLimits()
  ) throws(ImageError) -> ProcessedImage {
    let geometry = geometry(width: picture.width, height: picture.height)
    let columns = Self.kept(from: geometry.cropX, count: geometry.width, of: geometry.resizedWidth)
    let rows = Self.kept(from: geometry.cropY, count: geometry.height, of: geometry.resizedHeight)
    guard columns.count <= limits.maxPixels / max(rows.count, 1) else {
      throw .resizedTooLarge(width: columns.count, height: rows.count, maxPixels: limits.maxPixels)
    }
    let resampler = Resampler(
      source: picture, width: geometry.resizedWidth, height: geometry.resizedHeight, filter: configuration.resample)
    var pixels = resampler.region(columns: columns, rows: rows)
    if columns.count < geometry.width || rows.count < geometry.height {
      pixels = pixels.padded(
        width: geometry.width, height: geometry.height, x: columns.lowerBound - geometry.cropX,
        y: rows.lowerBound - geometry.cropY)
    }
    return ProcessedImage(pixels: normalise(pixels), geometry: geometry)
  }

  /// Rescales and normalises without resizing: float32 arithmetic after a product in double, as NumPy does it there.
  public func normalise(_ picture: RGBImage) -> PixelTensor {
    let plane = picture.width * picture.height
    let tables = (0..<3).map(table)
    let values = [Float](unsafeUninitializedCapacity: 3 * plane) { values, initialised in
      picture.pixels.withUnsafeBufferPointer { pixels in
        for channel in 0..<3 {
          tables[channel].withUnsafeBufferPointer { table in
            for position in 0..<plane {
              values[channel * plane + position] = table[Int(pixels[3 * position + channel])]
            }
          }
        }
      }
      initialised = 3 * plane
    }
    return PixelTensor(height: picture.height, width: picture.width, values: values)
  }

  /// Sizes and offsets for a picture of this size, without touching pixels.
  public func geometry(width: Int, height: Int) -> ProcessedGeometry {
    let resized = configuration.resizes ? resizedSize(width: width, height: height) : (width: width, height: height)
    let output =
      configuration.crops
      ? (width: configuration.cropSize.width, height: configuration.cropSize.height) : resized
    return ProcessedGeometry(
      pictureWidth: width, pictureHeight: height, resizedWidth: resized.width, resizedHeight: resized.height,
      cropX: Self.centred(output.width, in: resized.width), cropY: Self.centred(output.height, in: resized.height),
      width: output.width, height: output.height)
  }

  private func resizedSize(width: Int, height: Int) -> (width: Int, height: Int) {
    let short = min(width, height)
    let long = max(width, height)
    let edges: (short: Int, long: Int)
    switch configuration.size {
    case .exact(let height, let width):
      return (width, height)
    case .shortestEdge(let edge):
      // Python divides integers into a double, and int() drops the fraction.
      edges = (edge, Int(Double(edge * long) / Double(short)))
    case .edges(let shortest, let longest):
      edges = Self.boundedEdges(short: short, long: long, shortest: shortest, longest: longest)
    }
    return width <= height ? (edges.short, edges.long) : (edges.long, edges.short)
  }

  /// transformers' `get_size_with_aspect_ratio`. No side falls below 1 (there, Pillow would raise).
  private static func boundedEdges(
    short: Int, long: Int, shortest: Int, longest: Int
  ) -> (short: Int, long: Int) {
    var edge = shortest
    var exactEdge = Double(shortest)
    if Double(long) / Double(short) * Double(shortest) > Double(longest) {
      exactEdge = Double(longest) * Double(short) / Double(long)
      edge = Int(exactEdge.rounded(.toNearestOrEven))
    }
    if short == edge { return (short, long) }
    return (max(edge, 1), max(Int(exactEdge * Double(long) / Double(short)), 1))
  }

  /// Python's `(size - crop) // 2`, which rounds down: negative where the crop pads.
  private static func centred(_ crop: Int, in size: Int) -> Int {
    (size - crop) >> 1
  }

  private static func kept(from start: Int, count: Int, of size: Int) -> Range<Int> {
    max(start, 0)..<min(start + count, size)
  }

  /// The processed value of each of the 256 samples of a channel.
  private func table(channel: Int) -> [Float] {
    (0..<256).map { sample in
      var value = Float(sample)
      if configuration.rescales { value = Float(Double(sample) * configuration.rescaleFactor) }
      if configuration.normalises {
        value = (value - Float(configuration.mean[channel])) / Float(configuration.deviation[channel])
      }
      return value
    }
  }
}
