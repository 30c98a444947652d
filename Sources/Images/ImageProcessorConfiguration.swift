/// What transformers' CLIPImageProcessor reads from preprocessor_config.json.
public struct ImageProcessorConfiguration: Sendable, Equatable {
  /// A size to resize to, in pixels.
  public enum Size: Sendable, Equatable {
    /// The shorter side becomes this long, the other keeps the shape (rounded down).
    case shortestEdge(Int)
    /// As `shortestEdge`, unless the longer side would exceed `longest`; then that becomes the longer side.
    case edges(shortest: Int, longest: Int)
    /// Both sides are given; the shape is not kept.
    case exact(height: Int, width: Int)
  }

  /// A size to crop to, in pixels.
  public struct CropSize: Sendable, Equatable {
    public var height: Int
    public var width: Int

    public init(height: Int, width: Int) {
      self.height = height
      self.width = width
    }
  }

  /// Largest side that a configuration may ask for: some eight times today's largest tower.
  public static let maxSide = 8192

  public var resizes = true
  public var size = Size.shortestEdge(224)
  public var resample = ResamplingFilter.bicubic
  public var crops = true
  public var cropSize = CropSize(height: 224, width: 224)
  public var rescales = true
  public var rescaleFactor = 1.0 / 255
  public var normalises = true
  /// Per channel, on rescaled values.
  public var mean = [0.48145466, 0.4578275, 0.40821073]
  /// Per channel, never zero.
  public var deviation = [0.26862954, 0.26130258, 0.27577711]
  /// Whether transformers' `convert_to_rgb` runs. Pictures are RGB by then, so it only paints a clear colour white.
  public var convertsToRGB = true
  /// Whether a plain number as `size` means a square.
  public var plainSizeIsSquare = false

  /// Whether `do_pad` may be true: at high resolution it evens out the numbers of views in a batch, which changes
  /// nothing for one picture; elsewhere it would pad pixels.
  public var acceptsBatchPadding = false

  /// What becomes of transparency when a picture is decoded for this processor.
  public var transparency: Transparency { convertsToRGB ? .asLoaded : .dropped }

  /// The class defaults of CLIPImageProcessor. Other families change what differs and pass it as `defaults`.
  public static let clip = ImageProcessorConfiguration()

  /// The class defaults of LlavaNextImageProcessor.
  public static let llavaNext: ImageProcessorConfiguration = {
    var configuration = clip
    configuration.acceptsBatchPadding = true
    return configuration
  }()

  public init() {}

  func validate() throws(ImageError) {
    switch size {
    case .shortestEdge(let edge):
      try Self.check(side: edge, key: "size")
    case .edges(let shortest, let longest):
      try Self.check(side: shortest, key: "size")
      try Self.check(side: longest, key: "size")
    case .exact(let height, let width):
      try Self.check(side: height, key: "size")
      try Self.check(side: width, key: "size")
    }
    try Self.check(side: cropSize.height, key: "crop_size")
    try Self.check(side: cropSize.width, key: "crop_size")
    // The brightest sample is rescaled in single precision.
    guard rescaleFactor > 0, Float(rescaleFactor).isNormal, Float(rescaleFactor * 255).isFinite else {
      throw .invalidConfiguration(
        key: "rescale_factor", found: "\(rescaleFactor)", expected: "a positive number within single precision")
    }
    guard mean.count == 3 && mean.allSatisfy({ Float($0).isFinite }) else {
      throw .invalidConfiguration(key: "image_mean", found: "\(mean)", expected: "three finite numbers")
    }
    guard deviation.count == 3 && deviation.allSatisfy({ Float($0).isFinite && Float($0) != 0 }) else {
      throw .invalidConfiguration(key: "image_std", found: "\(deviation)", expected: "three finite numbers, none zero")
    }
  }

  private static func check(side: Int, key: String) throws(ImageError) {
    guard (1...maxSide).contains(side) else {
      throw .invalidConfiguration(key: key, found: "\(side)", expected: "1 to \(maxSide) pixels")
    }
  }
}
