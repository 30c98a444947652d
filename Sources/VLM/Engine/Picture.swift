import Images
import Pruning

/// What a picture is to the model, and so which placeholder stands for it.
public enum PictureKind: String, Sendable, Hashable, CaseIterable {
  case image
  /// Frames of one video.
  case video
}

/// A decoded picture, upright, with what the family's processor makes of it.
public struct Picture: Sendable {
  /// As the user named it.
  public let file: String
  public let kind: PictureKind
  /// The picture itself; of a video, its first frame.
  public let image: RGBImage
  /// Of a video, the frames that are read, in order of time; empty for an image.
  public let frames: [RGBImage]
  /// Views, in the order of the layout.
  public let views: [ProcessedImage]
  public let layout: ViewLayout
  /// Identifies the content.
  public let digest: UInt64

  public init(file: String, image: RGBImage, views: [ProcessedImage], layout: ViewLayout) {
    self.file = file
    kind = .image
    self.image = image
    frames = []
    self.views = views
    self.layout = layout
    digest = image.digest
  }

  /// A video: `frames` in order of time, at least one, and one view of each.
  public init(file: String, frames: [RGBImage], views: [ProcessedImage]) {
    precondition(!frames.isEmpty && frames.count == views.count, "one view a frame")
    self.file = file
    kind = .video
    image = frames[0]
    self.frames = frames
    self.views = views
    layout = .frames(frames.count)
    // Order matters, and a frame that comes twice does not cancel itself out.
    digest = frames.reduce(0) { ($0 &* 0x100_0000_01b3) ^ $1.digest }
  }
}

extension VisionLanguageModel {
  /// Decodes and processes one picture.
  /// - Parameters:
  ///   - bytes: the file's content.
  ///   - file: how to name it in errors and results.
  ///   - grid: a fixed grid of crops, for families that cut pictures; by default the picture's shape decides.
  public func picture(
    _ bytes: [UInt8], file: String, limits: ImageLimits = ImageLimits(), grid: PatchGrid? = nil
  ) throws(VLMError) -> Picture {
    guard grid == nil || highResolution != nil else { throw .noCrops(family: family) }
    do {
      let image = try ImageDecoder.decode(bytes, limits: limits)
      if let highResolution {
        let cropped = try highResolution.processor.process(
          image, grid: grid.map { CropGrid(rows: $0.rows, columns: $0.columns) }, limits: limits)
        let crops = PatchGrid(rows: cropped.grid.rows, columns: cropped.grid.columns)
        return Picture(file: file, image: image, views: cropped.views, layout: .thumbnailAndCrops(crops))
      }
      return Picture(file: file, image: image, views: [try processor.process(image, limits: limits)], layout: .single)
    } catch {
      throw .image(error, file: file)
    }
  }
}
