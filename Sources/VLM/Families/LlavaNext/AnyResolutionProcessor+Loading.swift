import Basics
import Checkpoint
import Foundation
import Images

extension AnyResolutionProcessor {
  /// The image processor of a LLaVA-NeXT folder. Its grids must equal the model's: both decide about the same pictures.
  /// - Parameter side: pixels on a side of the tower's view.
  init(_ loader: FamilyLoader, side: Int) throws(VLMError) {
    let folder = loader.folder
    let name = try wrapping { () throws(CheckpointError) in try loader.processorFile() }
    let file = folder.file(name)
    let (bytes, grids) = try wrapping { () throws(CheckpointError) in
      let grids = try Self.grids(loader.configuration, side: side)
      let json = try folder.json(name)
      let nested = try ConfigurationReader(json, file: file).section("image_processor")
      let own = try Self.grids(nested.exists ? nested : try ConfigurationReader(json, file: file), side: side)
      guard own == grids else {
        throw .configurationKey(
          key: "image_grid_pinpoints", found: "\(own)", expected: "config.json's \(grids)", file: file)
      }
      return (try folder.bytes(name), grids)
    }
    do {
      let configuration = try ImageProcessorConfiguration(json: Data(bytes), defaults: .llavaNext)
      try self.init(configuration: configuration, side: side, grids: grids)
    } catch {
      throw .image(error, file: file)
    }
  }

  /// `image_grid_pinpoints`, heights and widths in pixels, as grids of views.
  private static func grids(_ reader: ConfigurationReader, side: Int) throws(CheckpointError) -> [Grid] {
    let key = "image_grid_pinpoints"
    // The defaults of LlavaNextConfig, and of LlavaNextImageProcessor.
    let standard = [[336, 672], [672, 336], [672, 672], [1008, 336], [336, 1008]]
    let most = side * AnyResolutionProcessor.mostCrops
    var grids: [Grid] = []
    for size in try reader.lists(key, default: standard) {
      guard size.count == 2, size.allSatisfy({ $0 > 0 && $0 <= most && $0 % side == 0 }) else {
        throw reader.error(key, found: "\(size)", expected: "height and width, multiples of the tower's \(side) pixels")
      }
      grids.append(Grid(rows: size[0] / side, columns: size[1] / side))
    }
    return grids
  }
}
