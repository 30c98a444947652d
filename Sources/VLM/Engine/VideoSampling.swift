import Images

/// Which frames of a video are read.
public enum VideoSampling {
  /// Frames that Video-LLaVA was trained with.
  public static let standardCount = 8

  /// Numbers of `count` frames at even distances from the first, of `total`: ⌊i·total ÷ count⌋. A shorter video repeats
  /// frames, as the published sampling does, so that the decoder always sees as many.
  public static func frames(of total: Int, count: Int = standardCount) -> [Int] {
    precondition(total > 0 && count > 0, "a video has at least one frame")
    return (0..<count).map { $0 * total / count }
  }
}

extension VisionLanguageModel {
  /// Decodes and processes the frames of one video, in order of time. Frames may differ in size.
  /// - Parameters:
  ///   - frames: what each frame is called in errors, and its file's content; frames with one name are decoded once.
  ///   - file: how to name the video in errors and results.
  public func video(
    _ frames: [(name: String, bytes: [UInt8])], file: String, limits: ImageLimits = ImageLimits()
  ) throws(VLMError) -> Picture {
    guard video != nil else { throw .noVideos(file: file, family: family) }
    guard !frames.isEmpty else { throw .unreadable(file: file, reason: "it has no frames") }
    var decoded: [String: (image: RGBImage, view: ProcessedImage)] = [:]
    var sampled: [(image: RGBImage, view: ProcessedImage)] = []
    for frame in frames {
      if decoded[frame.name] == nil {
        do {
          let image = try ImageDecoder.decode(frame.bytes, limits: limits)
          decoded[frame.name] = (image, try processor.process(image, limits: limits))
        } catch {
          throw .image(error, file: frame.name)
        }
      }
      if let frame = decoded[frame.name] { sampled.append(frame) }
    }
    return Picture(file: file, frames: sampled.map(\.image), views: sampled.map(\.view))
  }
}
