import Basics
import Foundation

extension ImageError: JSONFieldFailure {
  public static func field(_ key: String, found: JSONFinding?, expected: String, file: String) -> ImageError {
    .invalidConfiguration(key: key, found: found?.description ?? "missing", expected: expected)
  }
}

extension ImageProcessorConfiguration {
  private static let keys = [
    "do_resize", "size", "resample", "do_center_crop", "crop_size", "do_rescale", "rescale_factor", "do_normalize",
    "image_mean", "image_std", "do_convert_rgb", "default_to_square", "do_pad",
    // Read by nobody here, but they tell whose configuration it is.
    "image_processor_type", "feature_extractor_type",
  ]

  /// Reads the bytes of preprocessor_config.json, or of processor_config.json, which nests the same keys under
  /// "image_processor". A key that is absent or null takes its value from `defaults`; an object none of whose keys
  /// belongs to an image processor is refused.
  public init(json data: Data, defaults: ImageProcessorConfiguration = .clip) throws(ImageError) {
    let root: JSONValue
    do { root = try JSONValue(parsing: Array(data)) } catch {
      throw .unreadableConfiguration(reason: error.message)
    }
    guard let members = root.members else {
      throw .unreadableConfiguration(reason: "it is \(root.kind), not an object")
    }
    let outer = try JSONReader<ImageError>(root, file: "preprocessor_config.json")
    let nested = try outer.section("image_processor")
    // A processor_config.json that nests nothing must not pass for a configuration made of defaults.
    guard nested.exists || members.count == 0 || Self.keys.contains(where: { root[$0] != nil }) else {
      throw .unreadableConfiguration(reason: "none of its keys belongs to an image processor")
    }
    self = defaults
    try read(nested.exists ? nested : outer)
    try validate()
  }

  private mutating func read(_ reader: JSONReader<ImageError>) throws(ImageError) {
    resizes = try reader.boolean("do_resize", default: resizes)
    plainSizeIsSquare = try reader.boolean("default_to_square", default: plainSizeIsSquare)
    if let sides = try Sides("size", of: reader) { size = try sides.size(square: plainSizeIsSquare, reader) }
    crops = try reader.boolean("do_center_crop", default: crops)
    if let sides = try Sides("crop_size", of: reader) { cropSize = try sides.cropSize(reader) }
    try readPixels(reader)
    if try reader.boolean("do_pad", default: false), !acceptsBatchPadding {
      throw reader.error("do_pad", found: "true", expected: "false: padding is not supported")
    }
  }

  /// What is done to pixels whatever the size: resampling, rescaling and normalising.
  mutating func readPixels(_ reader: JSONReader<ImageError>) throws(ImageError) {
    if let number = try reader.optionalInteger("resample") {
      guard let filter = ResamplingFilter(rawValue: number) else {
        throw reader.error("resample", found: "\(number)", expected: "a filter number, 0 to 5")
      }
      resample = filter
    }
    rescales = try reader.boolean("do_rescale", default: rescales)
    rescaleFactor = try reader.optionalNumber("rescale_factor") ?? rescaleFactor
    normalises = try reader.boolean("do_normalize", default: normalises)
    mean = try Self.channels("image_mean", of: reader) ?? mean
    deviation = try Self.channels("image_std", of: reader) ?? deviation
    convertsToRGB = try reader.boolean("do_convert_rgb", default: convertsToRGB)
  }

  /// Three numbers, or one for all channels.
  private static func channels(_ key: String, of reader: JSONReader<ImageError>) throws(ImageError) -> [Double]? {
    guard let value = reader.present(key) else { return nil }
    if let single = value.number { return [single, single, single] }
    guard let elements = value.elements else { throw reader.unusable(key, value, "a number or a list of numbers") }
    let numbers = elements.compactMap(\.number)
    guard numbers.count == elements.count else { throw reader.unusable(key, value, "a list of nothing but numbers") }
    return numbers
  }
}

/// A size as the files spell it: a number, [height, width], or an object.
private struct Sides {
  private let key: String
  private var number: Int?
  private var height: Int?
  private var width: Int?
  private var shortestEdge: Int?
  private var longestEdge: Int?

  /// Nil where the key is absent or null.
  init?(_ key: String, of reader: JSONReader<ImageError>) throws(ImageError) {
    guard let value = reader.present(key) else { return nil }
    self.key = key
    switch value.kind {
    case .integer: number = try reader.integer(key)
    case .array:
      let pair = try reader.elements(key).compactMap(\.integer)
      guard pair.count == 2, value.elements?.count == 2 else {
        throw reader.error(key, found: "a list of others", expected: "[height, width]")
      }
      (height, width) = (pair[0], pair[1])
    case .object:
      let object = try reader.section(key)
      height = try object.optionalInteger("height")
      width = try object.optionalInteger("width")
      shortestEdge = try object.optionalInteger("shortest_edge")
      longestEdge = try object.optionalInteger("longest_edge")
    default: throw reader.unusable(key, value, "an integer, [height, width] or an object")
    }
  }

  func size(square: Bool, _ reader: JSONReader<ImageError>) throws(ImageError) -> ImageProcessorConfiguration.Size {
    if let number { return square ? .exact(height: number, width: number) : .shortestEdge(number) }
    if let shortestEdge, let longestEdge { return .edges(shortest: shortestEdge, longest: longestEdge) }
    if let shortestEdge { return .shortestEdge(shortestEdge) }
    if let height, let width { return .exact(height: height, width: width) }
    throw reader.error(
      key, found: "an object without them", expected: "\"shortest_edge\", or \"height\" and \"width\"")
  }

  func cropSize(_ reader: JSONReader<ImageError>) throws(ImageError) -> ImageProcessorConfiguration.CropSize {
    if let number { return .init(height: number, width: number) }
    if let height, let width { return .init(height: height, width: width) }
    throw reader.error(key, found: "an object without them", expected: "\"height\" and \"width\"")
  }
}
