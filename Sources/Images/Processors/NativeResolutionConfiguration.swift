import Basics

/// What transformers' Qwen2VLImageProcessor reads: areas instead of sides, and the patches that pictures are cut into.
public struct NativeResolutionConfiguration: Sendable, Equatable {
  /// The names under which checkpoints of every age know this processor.
  public static let types = [
    "Qwen2VLImageProcessor", "Qwen2VLImageProcessorFast", "Qwen2VLImageProcessorPil", "Qwen2_5_VLImageProcessor",
    "Qwen2_5_VLImageProcessorFast", "Qwen3VLImageProcessor", "Qwen3VLImageProcessorFast",
  ]
  /// Largest side of a patch, and of a merge group, in pixels and patches.
  private static let largestSide = 256

  /// Resampling, rescaling and normalising.
  public var pixels: ImageProcessorConfiguration
  /// Side of a patch, in pixels.
  public var patchSize = 14
  /// Side of a merge group, in patches.
  public var mergeSize = 2
  /// Smallest and largest area, in pixels.
  public var leastArea = 56 * 56
  public var mostArea = 28 * 28 * 1280

  /// The class defaults of Qwen2VLImageProcessor.
  public init() { pixels = .clip }

  public var sizing: NativeResolutionSizing {
    NativeResolutionSizing(cellSize: patchSize * mergeSize, leastArea: leastArea, mostArea: mostArea)
  }

  /// Reads the section of an image or a video processor. An absent key takes its value from `defaults`. A setting that
  /// would change pixels in a way that is not done here is refused by its name.
  /// - Parameter readsPixelBounds: whether `min_pixels` and `max_pixels` count; otherwise only `size` does.
  public init(
    _ reader: JSONReader<ImageError>, defaults: NativeResolutionConfiguration = .init(), readsPixelBounds: Bool = true
  ) throws(ImageError) {
    self = defaults
    try Self.refuseForeign(reader)
    try pixels.readPixels(reader)
    patchSize = try reader.integer("patch_size", default: patchSize, in: 1...Self.largestSide)
    mergeSize = try reader.integer("merge_size", default: mergeSize, in: 1...Self.largestSide)
    try readAreas(reader, readsPixelBounds: readsPixelBounds)
    try pixels.validate()
  }

  /// `min_pixels` and `max_pixels` win over `size`, whose edges are areas here.
  private mutating func readAreas(_ reader: JSONReader<ImageError>, readsPixelBounds: Bool) throws(ImageError) {
    let range = 1...(1 << 40)
    let both = "\"shortest_edge\" and \"longest_edge\", areas in pixels"
    var areas: (least: Int?, most: Int?) = (leastArea, mostArea)
    if let size = reader.present("size") {
      guard size.kind == .object else { throw reader.unusable("size", size, both) }
      let section = try reader.section("size")
      func area(_ keys: [String]) throws(ImageError) -> Int? {
        guard keys.contains(where: section.has) else { return nil }
        return try section.integer(keys, default: 0, in: range)
      }
      areas = (try area(["shortest_edge", "min_pixels"]), try area(["longest_edge", "max_pixels"]))
    }
    if readsPixelBounds, reader.has("min_pixels") {
      areas.least = try reader.integer("min_pixels", default: 0, in: range)
    }
    if readsPixelBounds, reader.has("max_pixels") {
      areas.most = try reader.integer("max_pixels", default: 0, in: range)
    }
    guard let least = areas.least, let most = areas.most else {
      throw reader.error("size", found: "an object without them", expected: both)
    }
    guard least <= most else {
      throw reader.error("size", found: "\(least) to \(most) pixels", expected: "a smallest area below the largest")
    }
    (leastArea, mostArea) = (least, most)
  }

  private static func refuseForeign(_ reader: JSONReader<ImageError>) throws(ImageError) {
    let type = try reader.string("image_processor_type", default: types[0])
    guard types.contains(type) else {
      throw reader.error("image_processor_type", found: "\"\(type)\"", expected: types.joined(separator: ", "))
    }
    for (key, wanted) in [
      ("do_resize", true), ("do_center_crop", false), ("do_pad", false), ("cap_pixels_per_frame", false),
    ] where try reader.boolean(key, default: wanted) != wanted {
      throw reader.error(key, found: "\(!wanted)", expected: "\(wanted): anything else is not supported")
    }
    let frames = try reader.integer("temporal_patch_size", default: 2, in: 1...Self.largestSide)
    guard frames == 2 else {
      throw reader.error("temporal_patch_size", found: "\(frames)", expected: "2: towers here read pairs of frames")
    }
  }
}
