import Basics
import Checkpoint
import Foundation
import Images
import Pruning
import ViT

/// CLIP's processor for a tower that sees one square: every picture becomes a single view of that size.
struct SquareProcessor: Sendable {
  private let processor: ImageProcessor
  private let patchGrid: Grid
  private let side: Int

  var size: PixelSize { PixelSize(width: side, height: side) }

  var transparency: Transparency { processor.configuration.transparency }

  init(_ loader: FamilyLoader, _ vision: VisionConfiguration) throws(VLMError) {
    let folder = loader.folder
    let (name, bytes) = try wrapping { () throws(CheckpointError) in
      let name = try loader.processorFile()
      return (name, try folder.bytes(name))
    }
    do {
      processor = try ImageProcessor(configuration: try ImageProcessorConfiguration(json: Data(bytes)))
    } catch {
      throw .image(error, file: folder.file(name))
    }
    side = vision.imageSize
    patchGrid = vision.grid
    // For several shapes of pictures: without a crop, only square ones would fit the tower.
    for (width, height) in [(side, side), (3 * side, side), (side, 3 * side)] {
      let size = processor.geometry(width: width, height: height)
      guard size.width == side, size.height == side else {
        throw .configuration(
          key: "crop_size", found: "\(size.width)×\(size.height) for a picture of \(width)×\(height)",
          expected: "the tower's \(side)×\(side) for every picture", file: folder.file(name))
      }
    }
  }

  func process(_ image: RGBImage, file: String, limits: ImageLimits) throws(VLMError) -> Picture {
    let view = try view(of: image, file: file, limits: limits)
    return Picture(file: file, image: image, views: [view], layout: .single, patchGrids: [patchGrid])
  }

  /// The frames of one video.
  func process(_ video: VideoFrames, file: String, limits: ImageLimits) throws(VLMError) -> Picture {
    var known: [String: ProcessedImage] = [:]
    var views: [ProcessedImage] = []
    for (image, name) in zip(video.images, video.names) {
      let view: ProcessedImage
      if let processed = known[name] {
        view = processed
      } else {
        view = try self.view(of: image, file: name, limits: limits)
      }
      known[name] = view
      views.append(view)
    }
    return Picture(
      file: file, video: video, views: views, patchGrids: [Grid](repeating: patchGrid, count: views.count))
  }

  /// The description of any picture, before one is read.
  func description(tower: TowerDescription, arrangement: Arrangement) -> PictureDescription {
    PictureDescription(
      tower: tower, layout: .single, patchGrids: [patchGrid], imageSize: size, digest: 0, unpruned: arrangement,
      pruned: arrangement)
  }

  private func view(of image: RGBImage, file: String, limits: ImageLimits) throws(VLMError) -> ProcessedImage {
    do { return try processor.process(image, limits: limits) } catch { throw .image(error, file: file) }
  }
}
