import Foundation

extension ImageProcessorConfiguration: Decodable {
  fileprivate enum Key: String, CodingKey {
    case doResize = "do_resize"
    case size
    case resample
    case doCenterCrop = "do_center_crop"
    case cropSize = "crop_size"
    case doRescale = "do_rescale"
    case rescaleFactor = "rescale_factor"
    case doNormalize = "do_normalize"
    case imageMean = "image_mean"
    case imageStd = "image_std"
    case doConvertRGB = "do_convert_rgb"
    case defaultToSquare = "default_to_square"
    case doPad = "do_pad"
    // Not used here, but they show that the object belongs to an image processor.
    case imageProcessorType = "image_processor_type"
    case featureExtractorType = "feature_extractor_type"
  }

  /// Reads the bytes of preprocessor_config.json, or of processor_config.json, which nests the same keys under
  /// "image_processor". A key that is absent or null takes its value from `defaults`; an object none of whose keys
  /// belongs to an image processor is refused.
  public init(json data: Data, defaults: ImageProcessorConfiguration = .clip) throws(ImageError) {
    do {
      let decoder = JSONDecoder()
      decoder.userInfo[Self.defaultsKey] = defaults
      self = try decoder.decode(Nesting.self, from: data).configuration
    } catch let error as ImageError {
      throw error
    } catch let error as DecodingError {
      throw Self.translate(error)
    } catch {
      throw .unreadableConfiguration(reason: "\(error)")
    }
  }

  /// Reads one level of keys; defaults are those that `init(json:defaults:)` passes, or CLIP's.
  public init(from decoder: any Decoder) throws {
    self = decoder.userInfo[Self.defaultsKey] as? ImageProcessorConfiguration ?? .clip
    let values = try decoder.container(keyedBy: Key.self)
    resizes = try values.decodeIfPresent(Bool.self, forKey: .doResize) ?? resizes
    plainSizeIsSquare = try values.decodeIfPresent(Bool.self, forKey: .defaultToSquare) ?? plainSizeIsSquare
    if let wanted = try values.decodeIfPresent(SizeValue.self, forKey: .size) {
      size = try wanted.size(square: plainSizeIsSquare)
    }
    if let number = try values.decodeIfPresent(Int.self, forKey: .resample) {
      guard let filter = ResamplingFilter(rawValue: number) else {
        throw ImageError.invalidConfiguration(key: "resample", found: "\(number)", expected: "a filter number, 0 to 5")
      }
      resample = filter
    }
    crops = try values.decodeIfPresent(Bool.self, forKey: .doCenterCrop) ?? crops
    if let wanted = try values.decodeIfPresent(SizeValue.self, forKey: .cropSize) { cropSize = try wanted.cropSize() }
    rescales = try values.decodeIfPresent(Bool.self, forKey: .doRescale) ?? rescales
    rescaleFactor = try values.decodeIfPresent(Double.self, forKey: .rescaleFactor) ?? rescaleFactor
    normalises = try values.decodeIfPresent(Bool.self, forKey: .doNormalize) ?? normalises
    mean = try values.decodeIfPresent(ChannelValues.self, forKey: .imageMean)?.values ?? mean
    deviation = try values.decodeIfPresent(ChannelValues.self, forKey: .imageStd)?.values ?? deviation
    if try values.decodeIfPresent(Bool.self, forKey: .doPad) == true, !acceptsBatchPadding {
      throw ImageError.invalidConfiguration(key: "do_pad", found: "true", expected: "false: padding is not supported")
    }
    convertsToRGB = try values.decodeIfPresent(Bool.self, forKey: .doConvertRGB) ?? convertsToRGB
    try validate()
  }

  private static var defaultsKey: CodingUserInfoKey {
    guard let key = CodingUserInfoKey(rawValue: "vlmprune.imageProcessorDefaults") else {
      preconditionFailure("a coding key can be any text")
    }
    return key
  }

  private static func translate(_ error: DecodingError) -> ImageError {
    switch error {
    case .typeMismatch(let type, let context):
      return .invalidConfiguration(
        key: path(context), found: "of another type", expected: words(for: type))
    case .valueNotFound(let type, let context):
      return .invalidConfiguration(key: path(context), found: "null", expected: words(for: type))
    case .keyNotFound(let key, _):
      return .invalidConfiguration(key: key.stringValue, found: "missing", expected: "a value")
    case .dataCorrupted(let context):
      return context.codingPath.isEmpty
        ? .unreadableConfiguration(reason: "it is not valid JSON")
        : .invalidConfiguration(key: path(context), found: "unusable", expected: context.debugDescription)
    @unknown default:
      return .unreadableConfiguration(reason: "\(error)")
    }
  }

  private static func words(for type: any Any.Type) -> String {
    switch type {
    case is String.Type: "a string"
    case is Bool.Type: "true or false"
    case is any BinaryInteger.Type: "a whole number"
    case is any BinaryFloatingPoint.Type: "a number"
    case is [String: Any].Type: "an object"
    default: "a list or an object"
    }
  }

  private static func path(_ context: DecodingError.Context) -> String {
    let names = context.codingPath.map { $0.intValue.map(String.init) ?? $0.stringValue }
    return names.isEmpty ? "(top level)" : names.joined(separator: ".")
  }
}

/// Finds the configuration at the top level, or under "image_processor".
private struct Nesting: Decodable {
  let configuration: ImageProcessorConfiguration

  private enum Key: String, CodingKey {
    case imageProcessor = "image_processor"
  }

  init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: Key.self)
    if let nested = try values.decodeIfPresent(ImageProcessorConfiguration.self, forKey: .imageProcessor) {
      configuration = nested
      return
    }
    // A processor_config.json that nests nothing must not pass for a configuration made of defaults.
    let known = try decoder.container(keyedBy: ImageProcessorConfiguration.Key.self).allKeys
    let all = try decoder.container(keyedBy: AnyKey.self).allKeys
    guard all.isEmpty || !known.isEmpty else {
      throw ImageError.unreadableConfiguration(reason: "none of its keys belongs to an image processor")
    }
    configuration = try ImageProcessorConfiguration(from: decoder)
  }
}

/// Any name at all.
private struct AnyKey: CodingKey {
  let stringValue: String
  let intValue: Int? = nil

  init(stringValue: String) { self.stringValue = stringValue }

  init?(intValue: Int) { return nil }
}

/// A size as the files spell it: a number, [height, width], or an object.
private struct SizeValue: Decodable {
  private var number: Int?
  private var height: Int?
  private var width: Int?
  private var shortestEdge: Int?
  private var longestEdge: Int?
  private let key: String

  private enum Key: String, CodingKey {
    case height, width
    case shortestEdge = "shortest_edge"
    case longestEdge = "longest_edge"
  }

  init(from decoder: any Decoder) throws {
    key = decoder.codingPath.last?.stringValue ?? "size"
    if let plain = try? decoder.singleValueContainer().decode(Int.self) {
      number = plain
    } else if let pair = try? decoder.singleValueContainer().decode([Int].self) {
      guard pair.count == 2 else {
        throw ImageError.invalidConfiguration(key: key, found: "\(pair)", expected: "[height, width]")
      }
      (height, width) = (pair[0], pair[1])
    } else {
      let values = try decoder.container(keyedBy: Key.self)
      height = try values.decodeIfPresent(Int.self, forKey: .height)
      width = try values.decodeIfPresent(Int.self, forKey: .width)
      shortestEdge = try values.decodeIfPresent(Int.self, forKey: .shortestEdge)
      longestEdge = try values.decodeIfPresent(Int.self, forKey: .longestEdge)
    }
  }

  func size(square: Bool) throws(ImageError) -> ImageProcessorConfiguration.Size {
    if let number { return square ? .exact(height: number, width: number) : .shortestEdge(number) }
    if let shortestEdge, let longestEdge { return .edges(shortest: shortestEdge, longest: longestEdge) }
    if let shortestEdge { return .shortestEdge(shortestEdge) }
    if let height, let width { return .exact(height: height, width: width) }
    throw .invalidConfiguration(
      key: key, found: "an object without them", expected: "\"shortest_edge\", or \"height\" and \"width\"")
  }

  func cropSize() throws(ImageError) -> ImageProcessorConfiguration.CropSize {
    if let number { return .init(height: number, width: number) }
    if let height, let width { return .init(height: height, width: width) }
    throw .invalidConfiguration(key: key, found: "an object without them", expected: "\"height\" and \"width\"")
  }
}

/// Three numbers, or one for all channels.
private struct ChannelValues: Decodable {
  let values: [Double]

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let single = try? container.decode(Double.self) {
      values = [single, single, single]
    } else {
      values = try container.decode([Double].self)
    }
  }
}
