import Basics
import Checkpoint
import Foundation
import Images
import Kernels
import Language
import Pruning
import ViT

/// LLaVA-1.5: CLIP's tower, a two-layer projector and a LLaMA decoder; one view of 576 tokens a picture.
public struct LlavaFamily: VisionFamily {
  public static let modelType = "llava"
  public static let summary = "LLaVA-1.5: CLIP tower, LLaMA or Vicuna decoder, 576 visual tokens at 336 pixels"
  public static let hasClassToken = true
  public static let reducesInsideTower = true

  public let markers: [PictureKind: PictureMarker]
  private let processor: SquareProcessor
  private let tower: TransformerTower
  private let projector: Projector
  private let sendsClassToken: Bool

  public static func load(_ loader: FamilyLoader) throws(VLMError) -> VisionLanguageModel {
    let configuration = try wrapping { () throws(CheckpointError) in try LlavaConfiguration(loader.configuration) }
    let processor = try SquareProcessor(loader, configuration.vision)
    let tokenizer = try loader.tokenizer()
    let template = try loader.chosenTemplate(tokenizer, standard: configuration.standardTemplate(tokenizer))
    let marker = try loader.marker(of: .image, in: tokenizer, default: 32_000)
    let (weights, endTokens) = try wrapping { () throws(CheckpointError) in
      (try LlavaWeights(loader.folder, configuration), try loader.endTokens())
    }
    let family = LlavaFamily(
      markers: [.image: marker], processor: processor, tower: weights.towers[0], projector: weights.projector,
      sendsClassToken: configuration.sendsClassToken)
    return VisionLanguageModel(
      name: loader.name, family: family, decoder: weights.decoder, tokenizer: tokenizer, template: template,
      endTokens: endTokens, workers: loader.workers)
  }

  public var nativeSize: PixelSize { processor.size }

  public var transparency: Transparency { processor.transparency }

  public func process(_ image: RGBImage, file: String, options: PictureOptions) throws(VLMError) -> Picture {
    try processor.process(image, file: file, limits: options.limits)
  }

  public func largestPicture(of kind: PictureKind, grid: Grid?) -> PictureDescription? {
    grid == nil ? processor.description(tower: tower.description, arrangement: arrangement) : nil
  }

  public func tower(for kind: PictureKind) -> any VisionTower { tower }

  public func connect(_ rows: Matrix, workers: Workers) -> Matrix { projector(rows, workers: workers) }

  public var hasPlainProjector: Bool { projector.isPlain }

  public func projectorWeights(workers: Workers) -> ProjectorWeights? { projector.weights(workers: workers) }

  public func describe(_ picture: Picture, packing: ViewPacking) -> PictureDescription {
    picture.description(tower: tower.description, unpruned: arrangement, pruned: arrangement)
  }

  private var arrangement: Arrangement {
    Arrangement((sendsClassToken ? [.classToken(view: 0)] : []) + [.view(0)])
  }
}
