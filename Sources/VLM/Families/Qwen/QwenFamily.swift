import Basics
import Checkpoint
import Foundation
import Images
import Kernels
import Language
import Pruning
import Tokenizer
import ViT

/// Qwen-VL: a tower that reads pictures of any shape at their own size, a merger of 2×2 patches, and a decoder whose
/// positions count times, rows and columns. A view is a picture, or two frames of a video.
public struct QwenFamily<Generation: QwenGeneration>: VisionFamily {
  public static var modelType: String { Generation.modelType }
  public static var summary: String { Generation.summary }
  public static var hasClassToken: Bool { false }
  public static var readsNativeResolution: Bool { true }
  public static var numbersGrids: Bool { true }
  public static var encodesSomeCells: Bool { true }
  public static var readsVideos: Bool { true }

  public let markers: [PictureKind: PictureMarker]
  private let processor: QwenProcessor
  private let tower: QwenTower
  private let merger: QwenMerger
  private let positions: QwenPositions

  public static func load(_ loader: FamilyLoader) throws(VLMError) -> VisionLanguageModel {
    let configuration = try wrapping { () throws(CheckpointError) in
      try QwenConfiguration(loader.configuration, of: Generation.self)
    }
    let processor = try QwenProcessor(loader, configuration.tower, of: Generation.self)
    let tokenizer = try loader.tokenizer()
    let markers = try loader.qwenMarkers(tokenizer)
    let template = try loader.chosenTemplate(
      tokenizer, standard: Generation.template, placeholders: markers.mapValues(\.placeholder))
    let (weights, endTokens) = try wrapping { () throws(CheckpointError) in
      (try QwenWeights(loader.folder, configuration), try loader.endTokens(default: [151_645]))
    }
    let family = QwenFamily(
      markers: markers, processor: processor, tower: weights.tower, merger: weights.merger,
      positions: QwenPositions(perSecond: configuration.positionsPerSecond))
    return VisionLanguageModel(
      name: loader.name, family: family, decoder: weights.decoder, tokenizer: tokenizer, template: template,
      endTokens: endTokens, workers: loader.workers)
  }

  public var sampling: FrameSampling { processor.sampling }

  /// 37×37 tokens, if pictures may have so many: every size is read as it is, and 1036 pixels a side is what runtimes
  /// are compared with.
  public var nativeSize: PixelSize {
    let sizing = processor.image.configuration.sizing
    let most = Double(sizing.mostArea).squareRoot() / Double(sizing.cellSize)
    let side = sizing.cellSize * max(1, min(37, Int(most)))
    return PixelSize(width: side, height: side)
  }

  public func process(_ image: RGBImage, file: String, options: PictureOptions) throws(VLMError) -> Picture {
    let view: ProcessedImage
    do {
      view = try processor.image.process(image, mostCells: options.maxVisualTokens, limits: options.limits)
    } catch { throw .image(error, file: file) }
    return Picture(file: file, image: image, views: [view], layout: .single, patchGrids: [patchGrid(of: view)])
  }

  public func process(_ video: VideoFrames, file: String, options: PictureOptions) throws(VLMError) -> Picture {
    let count = (video.images.count + 1) / 2
    if let bound = options.maxVisualTokens, bound < count {
      throw .boundTooSmall(bound: bound, smallest: count, file: file)
    }
    let views: [ProcessedImage]
    do {
      views = try processor.video.process(
        frames: video.images, sharesArea: Generation.sharesVideoArea,
        mostCells: options.maxVisualTokens.map { $0 / count }, limits: options.limits)
    } catch { throw .image(error, file: file) }
    return Picture(file: file, video: video, views: views, patchGrids: views.map(patchGrid))
  }

  public func cells(of picture: Picture) -> [CellPixels]? {
    let configuration = picture.kind == .video ? processor.video.configuration : processor.image.configuration
    return picture.views.map(configuration.cells)
  }

  /// As the reference's processor gives them: [patches, channels · 2 · patch²]. Patches of a merge group follow one
  /// another, groups are in raster order, and a picture stands for two equal frames.
  public func shown(_ view: ProcessedImage) -> (shape: [Int], values: [Float]) {
    let (patch, merge) = (processor.image.configuration.patchSize, processor.image.configuration.mergeSize)
    let (pixels, grid) = (view.pixels, patchGrid(of: view))
    var values: [Float] = []
    values.reserveCapacity(2 * 3 * pixels.height * pixels.width)
    for number in 0..<grid.count {
      let (group, member) = number.quotientAndRemainder(dividingBy: merge * merge)
      let row = group / (grid.columns / merge) * merge + member / merge
      let column = group % (grid.columns / merge) * merge + member % merge
      for channel in 0..<3 {
        for frame in [0, pixels.frames - 1] {
          for y in row * patch..<(row + 1) * patch {
            let start = ((frame * 3 + channel) * pixels.height + y) * pixels.width + column * patch
            values += pixels.values[start..<start + patch]
          }
        }
      }
    }
    return ([grid.count, values.count / grid.count], values)
  }

  public func largestPicture(of kind: PictureKind, grid: Grid?) -> PictureDescription? { nil }

  public func tower(for kind: PictureKind) -> any VisionTower { tower }

  public func connect(_ rows: Matrix, workers: Workers) -> Matrix { merger(rows, workers: workers) }

  public func describe(_ picture: Picture, packing: ViewPacking) -> PictureDescription {
    let arrangement = Arrangement.inOrder(views: picture.layout.views)
    return picture.description(tower: tower.description, unpruned: arrangement, pruned: arrangement)
  }

  public func placeholder(for picture: Picture) -> String {
    guard let marker = markers[picture.kind] else { return "" }
    guard writesTimes(of: picture), let seconds = picture.times?.seconds else {
      return marker.placeholder
    }
    return stride(from: 0, to: seconds.count, by: 2).map { first in
      let middle = (seconds[first] + seconds[min(first + 1, seconds.count - 1)]) / 2
      return String(format: "<%.1f seconds>", middle) + marker.placeholder
    }.joined()
  }

  public func markerCount(of picture: Picture) -> Int { writesTimes(of: picture) ? picture.layout.views : 1 }

  /// Both rules of numbering are one here: rows keep their numbers.
  public func positions(
    of spans: [PromptSpan], numbering: ImagePlan.Positions
  ) -> (positions: [Position], next: Position) {
    positions.positions(of: spans)
  }

  private func writesTimes(of picture: Picture) -> Bool { Generation.writesTimes && picture.kind == .video }

  private func patchGrid(of view: ProcessedImage) -> Grid {
    let patch = processor.image.configuration.patchSize
    return Grid(rows: view.pixels.height / patch, columns: view.pixels.width / patch)
  }
}

extension FamilyLoader {
  /// The markers of pictures and videos, each between the tokens that begin and end vision.
  fileprivate func qwenMarkers(_ tokenizer: Tokenizer) throws(VLMError) -> [PictureKind: PictureMarker] {
    let (start, end) = ("<|vision_start|>", "<|vision_end|>")
    _ = try number(of: start, for: "vision_start", in: tokenizer, default: 151_652)
    _ = try number(of: end, for: "vision_end", in: tokenizer, default: 151_653)
    func marker(_ kind: PictureKind, _ standard: Int) throws(VLMError) -> PictureMarker {
      let text = "<|\(kind.rawValue)_pad|>"
      return PictureMarker(
        token: try number(of: text, for: kind.rawValue, in: tokenizer, default: standard), text: text, before: start,
        after: end)
    }
    return [.image: try marker(.image, 151_655), .video: try marker(.video, 151_656)]
  }
}
