import Images
import Pruning

/// A decoded picture, upright, with what the family's processor makes of it.
public struct Picture: Sendable {
  /// As the user named it.
  public let file: String
  public let image: RGBImage
  /// Views, in the order of the layout.
  public let views: [ProcessedImage]
  public let layout: ViewLayout
  /// Identifies the content.
  public let digest: UInt64

  public init(file: String, image: RGBImage, views: [ProcessedImage], layout: ViewLayout) {
    self.file = file
    self.image = image
    self.views = views
    self.layout = layout
    digest = image.digest
  }
}

extension VisionLanguageModel {
  /// Decodes and processes one picture.
  /// - Parameters:
  ///   - bytes: the file's content.
  ///   - file: how to name it in errors and results.
  public func picture(
    _ bytes: [UInt8], file: String, limits: ImageLimits = ImageLimits()
  ) throws(VLMError) -> Picture {
    do {
      let image = try ImageDecoder.decode(bytes, limits: limits)
      return Picture(file: file, image: image, views: [try processor.process(image, limits: limits)], layout: .single)
    } catch {
      throw .image(error, file: file)
    }
  }
}
