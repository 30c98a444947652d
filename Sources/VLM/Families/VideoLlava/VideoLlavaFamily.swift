import Basics
import Checkpoint
import Images
import Kernels
import Language
import Pruning
import ViT

/// Video-LLaVA: one CLIP-type tower for images and one for the frames of a video, a projector that both share, and a
/// Vicuna decoder. For a video, the class token of each frame is sent as well, as long as nothing is pruned.
public struct VideoLlavaFamily: VisionFamily {
  public static let modelType = "video_llava"
  public static let summary = "Video-LLaVA: images, and videos as 8 frames of 256 visual tokens, Vicuna decoder"
  public static let hasClassToken = true
  public static let reducesInsideTower = true

  public let markers: [PictureKind: PictureMarker]
  private let processor: SquareProcessor
  private let imageTower: TransformerTower
  private let videoTower: TransformerTower
  private let projector: Projector
  private let sendsClassToken: Bool

  public static func load(_ loader: FamilyLoader) throws(VLMError) -> VisionLanguageModel {
    let configuration = try wrapping { () throws(CheckpointError) in
      try LlavaConfiguration(loader.configuration, imageSize: 224)
    }
    let processor = try SquareProcessor(loader, configuration.vision)
    let tokenizer = try loader.tokenizer()
    let template = try loader.chosenTemplate(tokenizer, standard: configuration.standardTemplate(tokenizer))
    let markers: [PictureKind: PictureMarker] = [
      .image: try loader.marker(of: .image, in: tokenizer, default: 32_000),
      .video: try loader.marker(of: .video, in: tokenizer, default: 32_001),
    ]
    let (weights, endTokens) = try wrapping { () throws(CheckpointError) in
      (
        try LlavaWeights(loader.folder, configuration, towers: ["image_tower", "video_tower"]),
        try loader.endTokens()
      )
    }
    let family = VideoLlavaFamily(
      markers: markers, processor: processor, imageTower: weights.towers[0], videoTower: weights.towers[1],
      projector: weights.projector, sendsClassToken: configuration.sendsClassToken)
    return VisionLanguageModel(
      name: loader.name, family: family, decoder: weights.decoder, tokenizer: tokenizer, template: template,
      endTokens: endTokens, workers: loader.workers)
  }

  public var nativeSize: PixelSize { processor.size }

  public var transparency: Transparency { processor.transparency }

  public func process(_ image: RGBImage, file: String, options: PictureOptions) throws(VLMError) -> Picture {
    try processor.process(image, file: file, limits: options.limits)
  }

  public func process(_ video: VideoFrames, file: String, options: PictureOptions) throws(VLMError) -> Picture {
    try processor.process(video, file: file, limits: options.limits)
  }

  public func largestPicture(of kind: PictureKind, grid: Grid?) -> PictureDescription? {
    guard grid == nil else { return nil }
    let grid = tower(of: kind).transformer.configuration.grid
    let layout = kind == .video ? ViewLayout.frames(VideoSampling.standardCount) : .single
    return PictureDescription(
      tower: tower(of: kind).description, layout: layout,
      patchGrids: [Grid](repeating: grid, count: layout.views), imageSize: processor.size, digest: 0,
      unpruned: unpruned(layout), pruned: pruned(layout))
  }

  public func tower(for kind: PictureKind) -> any VisionTower { tower(of: kind) }

  public func connect(_ rows: Matrix, workers: Workers) -> Matrix { projector(rows, workers: workers) }

  public var hasPlainProjector: Bool { projector.isPlain }

  public func projectorWeights(workers: Workers) -> ProjectorWeights? { projector.weights(workers: workers) }

  public func describe(_ picture: Picture, packing: ViewPacking) -> PictureDescription {
    picture.description(
      tower: tower(of: picture.kind).description, unpruned: unpruned(picture.layout), pruned: pruned(picture.layout))
  }

  private func tower(of kind: PictureKind) -> TransformerTower {
    switch kind {
    case .image: imageTower
    case .video: videoTower
    }
  }

  /// Each frame after its class token.
  private func unpruned(_ layout: ViewLayout) -> Arrangement {
    guard case .frames(let count) = layout else { return pruned(layout) }
    return Arrangement((0..<count).flatMap { [.classToken(view: $0), .view($0)] })
  }

  /// The frames' rows alone; for an image, with the class token if its tower sends it.
  private func pruned(_ layout: ViewLayout) -> Arrangement {
    guard layout == .single else { return .inOrder(views: layout.views) }
    return Arrangement((sendsClassToken ? [.classToken(view: 0)] : []) + [.view(0)])
  }
}
