import Checkpoint
import Images
import Kernels
import Language
import Pruning
import Tokenizer

/// A vision-language model, loaded: immutable, and shared by any number of conversations.
public struct VisionLanguageModel: Sendable {
  /// The name that the user gave.
  public let name: String
  public let family: any VisionFamily
  public let decoder: Decoder
  public let tokenizer: Tokenizer
  /// The template that prompts are written with; nil if every prompt is given in full.
  public let template: ChosenTemplate?
  /// Tokens that end an answer.
  public let endTokens: Set<Int>
  public internal(set) var workers: Workers
  /// CLIP's text tower, for strategies that read the question through it; nil where none was loaded.
  public var textTower: TextTower?
  /// What it computes with.
  public internal(set) var compute = ComputeReport(
    backEnd: .openblas, formats: PartFormats(tower: .f32, decoder: .f32, head: .f32), packedFile: nil)

  /// What the checkpoint asks for and this program does not do, one line each.
  public internal(set) var notes: [String] = []

  /// Its family's `model_type`.
  public var familyName: String { type(of: family).modelType }

  /// The tower that reads images, as strategies see it.
  public var towerDescription: TowerDescription { family.tower(for: .image).description }

  /// Whether the times of a video's frames change the answer.
  public var readsTimes: Bool { family.sampling.mostFrames != nil }

  /// This model for work that may become unwanted: encoding and running the decoder throw `.cancelled` soon after
  /// `check` says so, between two blocks.
  /// - Parameter check: asked on the thread that runs the blocks.
  public func stopping(when check: @escaping @Sendable () -> Bool) -> VisionLanguageModel {
    var model = self
    model.workers = workers.stopping(when: StopCheck(check))
    return model
  }

  /// What the user should know before trusting a strategy's choice on this model, one line each.
  public func warnings(about setting: PruningSetting) -> [String] {
    setting.budget == .all ? [] : setting.strategy.warnings(on: towerDescription)
  }
}
