import Basics
import Images
import Language
import Pruning

/// A decoded picture, upright, with what the family's processor makes of it.
public struct Picture: Sendable {
  /// As the user named it.
  public let file: String
  public let kind: PictureKind
  /// The picture itself; for a video, its first frame.
  public let image: RGBImage
  /// For a video, the frames that are read, in order of time; empty for an image.
  public let frames: [RGBImage]
  /// Views, in the order of the layout.
  public let views: [ProcessedImage]
  public let layout: ViewLayout
  /// Patches of each view before merging.
  public let patchGrids: [Grid]
  /// Identifies the content.
  public let digest: UInt64

  public var imageSize: PixelSize { PixelSize(width: image.width, height: image.height) }

  /// - Parameter views: one for each view of `layout`, with as many grids.
  public init(file: String, image: RGBImage, views: [ProcessedImage], layout: ViewLayout, patchGrids: [Grid]) {
    precondition(views.count == layout.views && patchGrids.count == views.count, "one view, one grid")
    self.file = file
    kind = .image
    self.image = image
    frames = []
    self.views = views
    self.layout = layout
    self.patchGrids = patchGrids
    digest = image.digest
  }

  /// A video: `frames` in order of time, at least one, and one view of each.
  public init(file: String, frames: [RGBImage], views: [ProcessedImage], patchGrids: [Grid]) {
    precondition(!frames.isEmpty && frames.count == views.count && patchGrids.count == views.count, "one view a frame")
    self.file = file
    kind = .video
    image = frames[0]
    self.frames = frames
    self.views = views
    layout = .frames(frames.count)
    self.patchGrids = patchGrids
    // Order matters, and a frame that comes twice does not cancel itself out.
    digest = frames.reduce(0) { ($0 &* 0x100_0000_01b3) ^ $1.digest }
  }

  /// The picture as strategies see it.
  public func description(
    tower: TowerDescription, unpruned: Arrangement, pruned: Arrangement
  ) -> PictureDescription {
    PictureDescription(
      tower: tower, layout: layout, patchGrids: patchGrids, imageSize: imageSize, digest: digest, unpruned: unpruned,
      pruned: pruned)
  }
}

extension VisionLanguageModel {
  /// Decodes and processes one picture.
  /// - Parameters:
  ///   - bytes: the file's content.
  ///   - file: how to name it in errors and results.
  ///   - grid: a fixed grid of crops, for families that cut pictures; by default the picture's shape decides.
  public func picture(
    _ bytes: [UInt8], file: String, limits: ImageLimits = ImageLimits(), grid: Grid? = nil
  ) throws(VLMError) -> Picture {
    try checkGrid(grid)
    let image: RGBImage
    do {
      image = try ImageDecoder.decode(bytes, limits: limits, transparency: family.transparency)
    } catch {
      throw .image(error, file: file)
    }
    return try family.process(image, file: file, grid: grid, limits: limits)
  }

  /// Decodes and processes the frames of one video, in order of time. Frames may differ in size.
  /// - Parameters:
  ///   - frames: the name of each frame for errors, and its file's content; frames with one name are decoded once.
  ///   - file: how to name the video in errors and results.
  public func video(
    _ frames: [(name: String, bytes: [UInt8])], file: String, limits: ImageLimits = ImageLimits()
  ) throws(VLMError) -> Picture {
    guard family.markers[.video] != nil else { throw .noVideos(file: file, family: familyName) }
    guard !frames.isEmpty else { throw .unreadable(file: file, reason: "it has no frames") }
    var decoded: [String: RGBImage] = [:]
    var images: [RGBImage] = []
    for frame in frames {
      do {
        let image =
          try decoded[frame.name]
          ?? ImageDecoder.decode(frame.bytes, limits: limits, transparency: family.transparency)
        decoded[frame.name] = image
        images.append(image)
      } catch let error as ImageError {
        throw .image(error, file: frame.name)
      } catch {
        throw .unreadable(file: frame.name, reason: "\(error)")
      }
    }
    return try family.process(frames: images, names: frames.map(\.name), file: file, limits: limits)
  }

  func checkGrid(_ grid: Grid?) throws(VLMError) {
    guard grid == nil || family.largestPicture(of: .image, grid: grid) != nil else {
      throw .noCrops(family: familyName)
    }
  }
}
