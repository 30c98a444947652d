import Basics
import Checkpoint
import Foundation
import Images
import Kernels
import Language
import Pruning
import Tokenizer
import ViT

/// LLaVA-NeXT (LLaVA-1.6): CLIP's tower over a thumbnail and crops of the picture, a two-layer projector, and a LLaMA,
/// Mistral or LLaMA-3 decoder. Padding is left out, and a newline row ends each row of crops.
public struct LlavaNextFamily: VisionFamily {
  public static let modelType = "llava_next"
  public static let summary =
    "LLaVA-NeXT: CLIP tower over crops, LLaMA, Mistral or LLaMA-3 decoder, up to 2880 visual tokens"
  public static let hasClassToken = true
  public static let reducesInsideTower = true

  public let markers: [PictureKind: PictureMarker]
  public let separator: [Float]?
  private let processor: AnyResolutionProcessor
  private let tower: TransformerTower
  private let projector: Projector

  public static func load(_ loader: FamilyLoader) throws(VLMError) -> VisionLanguageModel {
    let reader = loader.configuration
    let configuration = try wrapping { () throws(CheckpointError) in
      let configuration = try LlavaConfiguration(reader)
      guard !configuration.sendsClassToken else {
        throw reader.error("vision_feature_select_strategy", found: "\"full\"", expected: "\"default\"")
      }
      return configuration
    }
    let processor = try AnyResolutionProcessor(loader, side: configuration.vision.imageSize)
    let tokenizer = try loader.tokenizer()
    let template = try loader.chosenTemplate(tokenizer, standard: configuration.standardTemplate(tokenizer))
    let marker = try loader.marker(of: .image, in: tokenizer, default: 32_000)
    let (weights, endTokens) = try wrapping { () throws(CheckpointError) in
      (try LlavaWeights(loader.folder, configuration, hasNewline: true), try loader.endTokens())
    }
    let family = LlavaNextFamily(
      markers: [.image: marker], separator: weights.newline, processor: processor, tower: weights.towers[0],
      projector: weights.projector)
    return VisionLanguageModel(
      name: loader.name, family: family, decoder: weights.decoder, tokenizer: tokenizer, template: template,
      endTokens: endTokens, workers: loader.workers)
  }

  /// A picture of 2×2 crops.
  public var nativeSize: PixelSize { PixelSize(width: 2 * processor.side, height: 2 * processor.side) }

  public var transparency: Transparency { processor.processor.configuration.transparency }

  public func process(_ image: RGBImage, file: String, options: PictureOptions) throws(VLMError) -> Picture {
    let cropped: CroppedImage
    do {
      cropped = try processor.process(image, grid: options.grid, limits: options.limits)
    } catch { throw .image(error, file: file) }
    return Picture(
      file: file, image: image, views: cropped.views, layout: .thumbnailAndCrops(cropped.grid),
      patchGrids: [Grid](repeating: patchGrid, count: cropped.views.count))
  }

  public func largestPicture(of kind: PictureKind, grid: Grid?) -> PictureDescription? {
    let crops = grid ?? processor.grids.max { $0.count < $1.count } ?? Grid(rows: 1, columns: 1)
    let size = PixelSize(width: crops.columns * processor.side, height: crops.rows * processor.side)
    let arrangement = Arrangement.thumbnailAndRaster(of: crops, grid: patchGrid)
    return PictureDescription(
      tower: tower.description, layout: .thumbnailAndCrops(crops),
      patchGrids: [Grid](repeating: patchGrid, count: 1 + crops.count), imageSize: size, digest: 0,
      unpruned: arrangement, pruned: arrangement)
  }

  public func tower(for kind: PictureKind) -> any VisionTower { tower }

  public func connect(_ rows: Matrix, workers: Workers) -> Matrix { projector(rows, workers: workers) }

  public var hasPlainProjector: Bool { projector.isPlain }

  public func projectorWeights(workers: Workers) -> ProjectorWeights? { projector.weights(workers: workers) }

  public func describe(_ picture: Picture, packing: ViewPacking) -> PictureDescription {
    guard case .thumbnailAndCrops(let crops) = picture.layout else {
      preconditionFailure("this family's pictures have crops")
    }
    let unpadded = Self.unpadded(crops: crops, grid: patchGrid, imageSize: picture.imageSize)
    return picture.description(
      tower: tower.description, unpruned: unpadded,
      pruned: packing == .unpadded ? unpadded : .thumbnailAndRaster(of: crops, grid: patchGrid))
  }

  /// The thumbnail, then the crops without the rows over padding; each row of the crops ends with a newline row.
  static func unpadded(crops: Grid, grid: Grid, imageSize: PixelSize) -> Arrangement {
    let area = UnpaddedArea(crops: crops, grid: grid, imageSize: imageSize, rounding: .sevenDecimals)
    return Arrangement([.view(0), .raster(ViewRaster(crops: crops, grid: grid, area: area, separatesRows: true))])
  }

  private var patchGrid: Grid { tower.transformer.configuration.grid }
}
