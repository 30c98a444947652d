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
  /// For a video, when those were taken.
  public let times: FrameTimes?
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
    times = nil
    self.views = views
    self.layout = layout
    self.patchGrids = patchGrids
    digest = image.digest
  }

  /// A video.
  /// - Parameter views: each shows as many frames of `video` as the first one does; the last may lack some.
  public init(file: String, video: VideoFrames, views: [ProcessedImage], patchGrids: [Grid]) {
    precondition(!views.isEmpty && patchGrids.count == views.count, "one view, one grid")
    self.file = file
    kind = .video
    image = video.images[0]
    frames = video.images
    times = video.times
    self.views = views
    layout = .frames(views.count)
    self.patchGrids = patchGrids
    // Order matters, and a frame that comes twice does not cancel itself out.
    digest = frames.reduce(0) { ($0 &* 0x100_0000_01b3) ^ $1.digest }
  }

  /// For a video: frames that a view shows.
  public var framesPerView: Int { (frames.count + views.count - 1) / views.count }

  /// For a video: seconds from one view to the next, on average.
  public var secondsPerView: Double? { times.map { $0.secondsPerFrame * Double(framesPerView) } }

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
  public func picture(
    _ bytes: [UInt8], file: String, options: PictureOptions = PictureOptions()
  ) throws(VLMError) -> Picture {
    try check(options)
    let image: RGBImage
    do {
      image = try ImageDecoder.decode(bytes, limits: options.limits, transparency: family.transparency)
    } catch { throw .image(error, file: file) }
    return try family.process(image, file: file, options: options)
  }

  /// Decodes and processes the frames of one video, in order of time. Frames may differ in size.
  /// - Parameters:
  ///   - frames: the name of each frame for errors, and its file's content; frames with one name are decoded once.
  ///   - times: when they were taken; nil: at the standard rate of a list of frames.
  ///   - file: how to name the video in errors and results.
  public func video(
    _ frames: [(name: String, bytes: [UInt8])], times: FrameTimes? = nil, file: String,
    options: PictureOptions = PictureOptions()
  ) throws(VLMError) -> Picture {
    guard family.markers[.video] != nil else { throw .noVideos(file: file, family: familyName) }
    guard !frames.isEmpty else { throw .unreadable(file: file, reason: "it has no frames") }
    if let most = family.sampling.mostFrames, frames.count > most {
      throw .tooManyFrames(found: frames.count, most: most, file: file)
    }
    try check(options)
    let times = times ?? FrameTimes(count: frames.count)
    guard times.areUsable(of: frames.count) else {
      throw .unreadable(file: file, reason: "its \(frames.count) frames need as many finite times, in order")
    }
    var decoded: [String: RGBImage] = [:]
    var images: [RGBImage] = []
    for frame in frames {
      do {
        let image =
          try decoded[frame.name]
          ?? ImageDecoder.decode(frame.bytes, limits: options.limits, transparency: family.transparency)
        decoded[frame.name] = image
        images.append(image)
      } catch let error as ImageError {
        throw .image(error, file: frame.name)
      } catch {
        throw .unreadable(file: frame.name, reason: "\(error)")
      }
    }
    let video = VideoFrames(images: images, names: frames.map(\.name), times: times)
    return try family.process(video, file: file, options: options)
  }

  /// Refuses options that mean nothing to this family.
  func check(_ options: PictureOptions) throws(VLMError) {
    guard options.grid == nil || family.largestPicture(of: .image, grid: options.grid) != nil else {
      throw .noCrops(family: familyName)
    }
    guard options.maxVisualTokens == nil || type(of: family).readsNativeResolution else {
      throw .fixedResolution(family: familyName)
    }
    if let bound = options.maxVisualTokens, !PictureOptions.visualTokenBounds.contains(bound) {
      throw .visualTokenBound(bound)
    }
  }
}
