import Basics

/// What can be wrong with a picture or with an image processor's configuration.
public enum ImageError: Error, Sendable, Equatable {
  /// There are no bytes at all.
  case empty
  /// The content is neither PNG nor JPEG; `found` names what it looks like.
  case unsupportedFormat(found: String)
  /// The content contradicts its format. `format` is nil where it was not decoded yet.
  case corrupt(format: ImageFormat?, reason: String)
  /// The data end before the picture does.
  case truncated(format: ImageFormat)
  /// More pixels than `ImageLimits` allow: the picture itself.
  case tooLarge(width: Int, height: Int, maxPixels: Int)
  /// More pixels than `ImageLimits` allow: what resizing would make of the picture.
  case resizedTooLarge(width: Int, height: Int, maxPixels: Int)
  /// One side is more than `largestRatio` times the other.
  case extremeShape(width: Int, height: Int, largestRatio: Int)
  /// The frames of one video differ in size: in pixels, of the first frame and of the one numbered from 0.
  case unequalFrames(first: PixelSize, other: PixelSize, number: Int)
  /// A value in preprocessor_config.json that cannot be used.
  case invalidConfiguration(key: String, found: String, expected: String)
  /// preprocessor_config.json is not JSON, or not an object.
  case unreadableConfiguration(reason: String)

  /// One line: what is wrong, with the values that were found.
  public var message: String {
    switch self {
    case .empty:
      return "the image is empty (0 bytes)"
    case .unsupportedFormat(let found):
      return "the image is not PNG or JPEG: it \(found)"
    case .corrupt(let format, let reason):
      return "the \(format.map { "\($0.rawValue) " } ?? "")image is broken: \(reason)"
    case .truncated(let format):
      return "the \(format.rawValue) image is truncated: the data end before the picture does"
    case .tooLarge(let width, let height, let maxPixels):
      return "the image is too large: \(width)×\(height) pixels, the limit is \(Self.limit(maxPixels))"
    case .resizedTooLarge(let width, let height, let maxPixels):
      return "the image would become too large: \(width)×\(height) pixels after resizing, "
        + "the limit is \(Self.limit(maxPixels))"
    case .extremeShape(let width, let height, let largestRatio):
      return "the image is too narrow: \(width)×\(height) pixels, one side is more than \(largestRatio) times the other"
    case .unequalFrames(let first, let other, let number):
      return "the frames differ in size: the first has \(first.width)×\(first.height) pixels, "
        + "frame \(number) has \(other.width)×\(other.height)"
    case .invalidConfiguration(let key, let found, let expected):
      return "the image processor's \"\(key)\" is \(found), expected \(expected)"
    case .unreadableConfiguration(let reason):
      return "the image processor's configuration cannot be read: \(reason)"
    }
  }

  /// One line: what to do.
  public var hint: String {
    switch self {
    case .empty, .corrupt, .truncated:
      return "check that the file was copied or downloaded completely, or save it again as PNG or JPEG"
    case .unsupportedFormat:
      return "convert the image to PNG or JPEG"
    case .tooLarge:
      return "shrink the image, or raise the limit with --max-pixels"
    case .resizedTooLarge:
      return "crop the image to a less extreme shape, or raise the limit with --max-pixels"
    case .extremeShape:
      return "crop the image to a less extreme shape"
    case .unequalFrames:
      return "give frames of one size"
    case .invalidConfiguration, .unreadableConfiguration:
      return "compare preprocessor_config.json with the one of the original checkpoint"
    }
  }

  private static func limit(_ maxPixels: Int) -> String {
    "\(maxPixels) pixels (and \(ImageLimits.maxSide) a side)"
  }
}
