import Foundation
import Pruning
import VLM

/// Times around the model: loading, decoding of pictures, and the total.
struct RunTimes {
  let load: Duration
  let preprocess: Duration
  let total: Duration
}

/// `ask --json`.
struct AnswerReport: Encodable {
  /// What one stage of a strategy left.
  struct Stage: Encodable {
    /// "tower", "between" or "decoder".
    let place: String
    let strategy: String
    /// Inside the decoder, the mean over its blocks.
    let tokens: Int
  }

  struct Tokens: Encodable {
    let visual: Int
    let kept: Int
    let keepRatio: Double
    /// Of strategies that act inside the tower, or in several places.
    let stages: [Stage]?
    /// Of methods inside the decoder: visual tokens that each block ran on; `kept` is their mean.
    let keptPerBlock: [Int]?
    let prompt: Int
    let generated: Int

    enum CodingKeys: String, CodingKey {
      case visual, kept, stages, prompt, generated
      case keepRatio = "keep_ratio"
      case keptPerBlock = "kept_per_block"
    }
  }

  struct View: Encodable {
    /// Rows and columns.
    let grid: [Int]
    /// Patch indices, ascending.
    let kept: [Int]
  }

  struct Image: Encodable {
    let file: String
    /// Width and height in pixels.
    let size: [Int]
    let views: [View]
    /// Of a video whose times the model reads: from one view to the next, on average.
    let secondsPerGrid: Double?

    enum CodingKeys: String, CodingKey {
      case file, size, views
      case secondsPerGrid = "seconds_per_grid"
    }
  }

  struct Timings: Encodable {
    let load: Double
    let preprocess: Double
    let encode: Double
    let prune: Double
    let project: Double
    let prefill: Double
    let decode: Double
    let total: Double
  }

  let answer: String
  let finishReason: String
  let model: String
  let family: String
  let precision: String
  let strategy: String
  let seed: UInt64
  let tokens: Tokens
  let images: [Image]
  let timings: Timings
  let peakBytes: Int

  enum CodingKeys: String, CodingKey {
    case answer, model, family, precision, strategy, seed, tokens, images
    case finishReason = "finish_reason"
    case timings = "timings_ms"
    case peakBytes = "peak_bytes"
  }

  init(
    _ answer: Answer, pictures: [Picture], model: VisionLanguageModel, setting: PruningSetting, times: RunTimes
  ) {
    self.answer = answer.text
    finishReason = answer.finishReason.rawValue
    self.model = model.name
    family = model.familyName
    precision = model.compute.precision
    strategy = answer.strategy.description
    seed = setting.seed
    tokens = Tokens(answer.record)
    images = zip(pictures, answer.plans).map { picture, plan in
      let grids = model.family.describe(picture, packing: setting.packing).grids
      return Image(
        file: picture.file, size: [picture.image.width, picture.image.height],
        views: zip(plan.views, grids).map { view, grid in
          View(grid: [grid.rows, grid.columns], kept: view.keptTokens.sorted())
        }, secondsPerGrid: model.readsTimes ? picture.secondsPerView : nil)
    }
    let stages = answer.timings
    timings = Timings(
      load: times.load.milliseconds, preprocess: times.preprocess.milliseconds, encode: stages.encode.milliseconds,
      prune: stages.prune.milliseconds, project: stages.project.milliseconds, prefill: stages.prefill.milliseconds,
      decode: stages.decode.milliseconds, total: times.total.milliseconds)
    peakBytes = ProcessMemory.peakBytes
  }

  /// The line after an answer: "kept 64 of 576 visual tokens (11.1%) · encode 0.41 s · … · hiprune(…)".
  var summary: String {
    let percent = String(format: "%.1f", tokens.keepRatio * 100)
    let stages = tokens.stages.map { $0.map { "\($0.strategy) \($0.tokens)" }.joined(separator: ", ") }
    return [
      "kept \(tokens.kept) of \(tokens.visual) visual tokens (\(percent)%)" + (stages.map { ": \($0)" } ?? ""),
      "encode \(Self.seconds(timings.encode))", String(format: "prune %.1f ms", timings.prune),
      "prefill \(Self.seconds(timings.prefill))",
      speed, strategy,
    ].joined(separator: " · ")
  }

  /// The first token comes with the prefill, so the decoding time is that of the others.
  private var speed: String {
    guard tokens.generated > 1, timings.decode > 0 else { return "1 token" }
    let rate = Double(tokens.generated - 1) / (timings.decode / 1000)
    return "\(tokens.generated) tokens at \(String(format: "%.0f", rate))/s"
  }

  private static func seconds(_ milliseconds: Double) -> String { String(format: "%.2f s", milliseconds / 1000) }
}

extension AnswerReport.Tokens {
  init(_ record: AnswerRecord) {
    self.init(
      visual: record.visualTokens, kept: record.keptTokens,
      keepRatio: Double(record.keptTokens) / Double(max(record.visualTokens, 1)),
      stages: record.stages?.map {
        AnswerReport.Stage(place: $0.place.rawValue, strategy: $0.strategy, tokens: $0.tokens)
      }, keptPerBlock: record.keptPerBlock, prompt: record.promptLength, generated: record.generatedTokens)
  }
}
