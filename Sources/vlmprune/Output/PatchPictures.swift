import Basics
import Evaluation
import Foundation
import Images
import Pruning
import VLM

/// Which patches the settings of a run keep of the sampled questions' pictures. Rows do not hold them: the run's model
/// decides again.
struct PatchPictures {
  /// Longer side in pixels: a page holds dozens.
  private static let longerSide = 256

  let model: VisionLanguageModel
  let description: RunDescription
  /// Folder of the images; nil: the manifest's.
  let images: String?

  /// What one question's pictures came to.
  struct Outcome {
    var pictures: [SampledQuestion.PatchPicture] = []
    /// Why some are missing.
    var reason: String?
  }

  /// Pictures of those of the settings that the model serves.
  func pictures(
    of sample: SampledQuestion, settings: [(place: Int, strategy: String, keep: String)]
  ) -> Outcome {
    var outcome = Outcome()
    do {
      guard let picture = try picture(of: sample) else { return Outcome(reason: "the rows name no images") }
      for (place, strategy, keep) in settings {
        do {
          let setting = try setting(strategy, keep)
          guard setting.strategy.inDecoder == nil || setting.budget == .all else {
            outcome.reason = outcome.reason ?? "\(strategy) decides inside the decoder, which does not run here"
            continue
          }
          var conversation = Conversation(model: model, setting: setting, system: description.system)
          // The picture is encoded and pruned here; the decoder does not run.
          let answer = try conversation.begin(sample.text ?? "?", newPictures: [picture]).answer
          outcome.pictures.append(drawing(of: picture, answer, place, setting))
        } catch { outcome.reason = outcome.reason ?? Self.explain(error) }
      }
    } catch { outcome.reason = Self.explain(error) }
    return outcome
  }

  private func picture(of sample: SampledQuestion) throws -> Picture? {
    guard let image = sample.image else { return nil }
    let path = (images ?? description.images).map { "\($0)/\(image)" } ?? image
    let status = try? FileManager.default.attributesOfItem(
      atPath: URL(fileURLWithPath: path).resolvingSymlinksInPath().path)
    // A regular file ends; a device or a pipe may not.
    guard status?[.type] as? FileAttributeType == .typeRegular else {
      throw VLMError.unreadable(file: path, reason: "no such file, or not a regular one")
    }
    let reading = PictureOptions(
      grid: description.grid.flatMap { Grid(parsing: $0) }, maxVisualTokens: description.maxVisualTokens)
    return try model.picture(try InputFile.bytes(path), file: path, options: reading)
  }

  static func explain(_ error: any Error) -> String { CommandFailure(explaining: error)?.message ?? "\(error)" }

  private func drawing(
    of picture: Picture, _ answer: Answer, _ place: Int, _ setting: PruningSetting
  ) -> SampledQuestion.PatchPicture {
    let grids = model.family.describe(picture, packing: setting.packing).grids
    let drawn = OverlayPictures.draw(picture, plan: answer.plans[0], grids: grids)
    let scale = min(1, Double(Self.longerSide) / Double(max(drawn.width, drawn.height)))
    let (width, height) = (max(Int(Double(drawn.width) * scale), 1), max(Int(Double(drawn.height) * scale), 1))
    return SampledQuestion.PatchPicture(
      setting: place, png: PNGEncoder.encode(drawn.resized(width: width, height: height, filter: .bicubic)),
      width: width, height: height, kept: answer.keptTokens, visualTokens: answer.visualTokens)
  }

  private func setting(_ strategy: String, _ keep: String) throws -> PruningSetting {
    var setting = try PruningSetting(strategy, keep: keep)
    setting.seed = description.seed
    setting.packing = description.packing == "unpadded" ? .unpadded : .spatial
    setting.positions = description.positions == "original" ? .original : .renumbered
    return setting
  }
}
