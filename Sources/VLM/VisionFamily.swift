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
  /// How the processor's file wants transparency to be decoded.
  var transparency: Transparency { get }
  /// Prepares an upright image for the tower.
  /// - Parameter grid: a fixed grid of crops; by default the picture's shape decides.
  func process(_ image: RGBImage, file: String, grid: Grid?, limits: ImageLimits) throws(VLMError) -> Picture
  /// Prepares the frames of one video, in order of time. Frames may differ in size.
  func process(
    frames: [RGBImage], names: [String], file: String, limits: ImageLimits
  ) throws(VLMError) -> Picture
  /// The largest picture of a kind, for checks before any is read; nil where every picture has a size of its own.
  func largestPicture(of kind: PictureKind, grid: Grid?) -> PictureDescription?
  /// The tower that reads pictures of a kind.
  func tower(for kind: PictureKind) -> any VisionTower
  /// The tower's rows as the decoder reads them: [rows, width] → [rows, decoder width]. Only kept rows come here.
  func connect(_ rows: Matrix, workers: Workers) -> Matrix
  /// How a picture's rows become one sequence.
  /// - Parameter packing: how strategies that treat each view alone send several views.
  func describe(_ picture: Picture, packing: ViewPacking) -> PictureDescription
  /// The learned separator row, [decoder width]; nil if the family has none.
  var separator: [Float]? { get }
  /// The rotary positions of a prompt.
  /// - Returns: a position for each token and row, and the position of the first new token.
  func positions(
    of spans: [PromptSpan], numbering: ImagePlan.Positions
  ) -> (positions: [Position], next: Position)
}

extension VisionFamily {
  public var separator: [Float]? { nil }

  public var transparency: Transparency { .asLoaded }

  public func process(
    frames: [RGBImage], names: [String], file: String, limits: ImageLimits
  ) throws(VLMError) -> Picture {
    throw .noVideos(file: file, family: Self.modelType)
  }
}

/// The placeholder of a picture in a prompt.
public struct PictureMarker: Sendable, Hashable {
  public let token: Int
  public let text: String

  public init(token: Int, text: String) {
    self.token = token
    self.text = text
  }
}

/// How strategies that treat each view alone send several views.
public enum ViewPacking: String, Sendable, Hashable, CaseIterable {
  /// Views in order; crops in the raster of their grid, padding included and without separators, as FasterVLM and
  /// HiPrune send them.
  case spatial
  /// LLaVA-NeXT's own: padding is left out, and a separator ends each row of the crops' raster.
  case unpadded
}
