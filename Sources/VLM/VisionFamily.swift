import Basics
import Checkpoint
import Images
import Kernels
import Language
import Pruning
import ViT

/// A family of checkpoints, loaded: everything that differs between vision models. A new one is a folder in Families/
/// and a line in the catalogue. The pipeline uses a family without knowing which one it is.
public protocol VisionFamily: Sendable {
  /// config.json's `model_type`.
  static var modelType: String { get }
  /// One line for `vlmprune models`.
  static var summary: String { get }
  /// Whether the tower has a class token, which class-token strategies need.
  static var hasClassToken: Bool { get }
  /// Reads a folder, checking every file, shape and name.
  static func load(_ loader: FamilyLoader) throws(VLMError) -> VisionLanguageModel

  /// What stands for a picture in a prompt, by kind; a kind that is absent cannot be read.
  var markers: [PictureKind: PictureMarker] { get }
  /// Width and height in pixels of a picture that loses nothing on its way to the tower.
  var nativeSize: PixelSize { get }
  /// Whether pictures are read at their own size, so that a number of visual tokens can bound it.
  static var readsNativeResolution: Bool { get }
  /// Which frames of a video are read.
  var sampling: FrameSampling { get }
  /// How the processor's file wants transparency to be decoded.
  var transparency: Transparency { get }
  /// Prepares an upright image for the tower.
  func process(_ image: RGBImage, file: String, options: PictureOptions) throws(VLMError) -> Picture
  /// Prepares the frames of one video. Frames may differ in size.
  func process(_ video: VideoFrames, file: String, options: PictureOptions) throws(VLMError) -> Picture
  /// Whether the tower can encode some of a view's tokens without the others.
  static var encodesSomeCells: Bool { get }
  /// Whether rows may become fewer inside the tower.
  static var reducesInsideTower: Bool { get }
  /// The pixels that each token of a picture is made of, a value a view; nil where the tower encodes whole views.
  func cells(of picture: Picture) -> [CellPixels]?
  /// A view's pixels as `inspect` shows them.
  func shown(_ view: ProcessedImage) -> (shape: [Int], values: [Float])
  /// The largest picture of a kind, for checks before any is read; nil where every picture has a size of its own.
  func largestPicture(of kind: PictureKind, grid: Grid?) -> PictureDescription?
  /// The tower that reads pictures of a kind.
  func tower(for kind: PictureKind) -> any VisionTower
  /// The tower's rows as the decoder reads them: [rows, width] → [rows, decoder width]. Only kept rows come here.
  func connect(_ rows: Matrix, workers: Workers) -> Matrix
  /// How a picture's rows become one sequence.
  /// - Parameter packing: how strategies that treat each view alone send several views.
  func describe(_ picture: Picture, packing: ViewPacking) -> PictureDescription
  /// What the prompt says where a picture is: its marker, or text with several of them.
  func placeholder(for picture: Picture) -> String
  /// How many markers that text has. The picture's views are shared out evenly among them.
  func markerCount(of picture: Picture) -> Int
  /// The learned separator row, [decoder width]; nil if the family has none.
  var separator: [Float]? { get }
  /// Whether the projector is two linear layers with an exact GELU between.
  var hasPlainProjector: Bool { get }
  /// The projector, where it is two linear layers with an exact GELU between; nil elsewhere.
  func projectorWeights(workers: Workers) -> ProjectorWeights?
  /// Whether positions have three numbers that differ, which `inspect` then shows.
  static var numbersGrids: Bool { get }
  /// The rotary positions of a prompt.
  /// - Returns: a position for each token and row, and the position of the first new token.
  func positions(
    of spans: [PromptSpan], numbering: ImagePlan.Positions
  ) -> (positions: [Position], next: Position)
}

extension VisionFamily {
  public static var readsNativeResolution: Bool { false }
  public static var numbersGrids: Bool { false }
  public static var encodesSomeCells: Bool { false }
  public static var reducesInsideTower: Bool { false }
  public var separator: [Float]? { nil }
  public var hasPlainProjector: Bool { false }
  public func projectorWeights(workers: Workers) -> ProjectorWeights? { nil }
  public var sampling: FrameSampling { .count(VideoSampling.standardCount) }

  public var transparency: Transparency { .asLoaded }

  public func process(_ video: VideoFrames, file: String, options: PictureOptions) throws(VLMError) -> Picture {
    throw .noVideos(file: file, family: Self.modelType)
  }

  public func cells(of picture: Picture) -> [CellPixels]? { nil }

  public func shown(_ view: ProcessedImage) -> (shape: [Int], values: [Float]) {
    ([view.pixels.channels, view.pixels.height, view.pixels.width], view.pixels.values)
  }

  public func placeholder(for picture: Picture) -> String { markers[picture.kind]?.placeholder ?? "" }

  public func markerCount(of picture: Picture) -> Int { 1 }
}

/// The placeholder of a picture in a prompt: a token that stands for its rows, between texts that stay.
public struct PictureMarker: Sendable, Hashable {
  public let token: Int
  /// The token's text.
  public let text: String
  /// What stands before and after it.
  public let before: String
  public let after: String

  public init(token: Int, text: String, before: String = "", after: String = "") {
    self.token = token
    self.text = text
    self.before = before
    self.after = after
  }

  /// The whole of it.
  public var placeholder: String { before + text + after }
}

/// How strategies that treat each view alone send several views.
public enum ViewPacking: String, Sendable, Hashable, CaseIterable {
  /// Views in order; crops in the raster of their grid, padding included and without separators, as FasterVLM and
  /// HiPrune send them.
  case spatial
  /// LLaVA-NeXT's own: padding is left out, and a separator ends each row of the crops' raster.
  case unpadded
}
