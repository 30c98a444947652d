import Checkpoint
import Images
import Kernels
import Pruning
import ViT

/// Which of the tower's outputs the family projects.
public struct FeatureSelection: Sendable, Hashable {
  /// 0-based blocks, side by side when there are several; −1 stands for the embeddings.
  public let layers: [Int]
  /// Whether the class token is sent in front of the patches.
  public let sendsClassToken: Bool
}

/// A vision-language model, loaded: immutable, and shared by any number of conversations.
public struct VisionLanguageModel: Sendable {
  /// What the user called it.
  public let name: String
  /// Its family's `model_type`.
  public let family: String
  public let processor: ImageProcessor
  public let tower: VisionTransformer
  /// The tower as strategies see it.
  public let description: TowerDescription
  public let features: FeatureSelection
  let projector: Projector
  public let decoder: LlamaDecoder
  public let tokenizer: Tokenizer
  let template: any PromptTemplate
  /// The placeholder of an image.
  public let imageToken: Int
  let imageTokenText: String
  /// Tokens that end an answer.
  public let endTokens: Set<Int>
  public let workers: Workers
  /// Crops, for families that read pictures at high resolution.
  var highResolution: HighResolution?
  /// The second tower, for families that read videos.
  var video: VideoInput?
  /// What it computes with.
  public internal(set) var compute = ComputeReport(
    backEnd: .openblas, formats: PartFormats(tower: .f32, decoder: .f32, head: .f32), packedFile: nil)

  /// Visual tokens of one view of a picture before pruning.
  public var visualTokensPerPicture: Int { description.grid.count }
}
