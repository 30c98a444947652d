import ArgumentParser
import Checkpoint
import Evaluation
import Foundation
import Images
import VLM

/// What every command takes that answers a file of questions.
struct QuestionFileOptions: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp(
      "Questions: LLaVA's JSONL, or a published file (POPE, MME, ScienceQA, TextVQA, VQAv2, GQA, VizWiz, easy-VQA).",
      valueName: "file"))
  var questions: String

  @Option(name: .long, help: ArgumentHelp("VQAv2's answers, which are a file of their own.", valueName: "file"))
  var annotations: String?

  @Option(name: .long, help: ArgumentHelp("Folder that the questions' image paths are relative to.", valueName: "dir"))
  var images: String

  @Option(name: .long, help: "How answers are judged: \(Metric.allCases.map(\.rawValue).joined(separator: ", ")).")
  var metric: String = "exact"

  @Flag(name: .long, help: "Answer questions that have no right answer to compare with.")
  var predict = false

  @Option(name: .long, parsing: .unconditional, help: "Answer only the first N questions.")
  var limit: Int?

  @Option(name: .long, parsing: .unconditional, help: "Most tokens of an answer.")
  var maxNewTokens: Int = 128

  @Option(name: .long, parsing: .unconditional, help: "System text in front of every question.")
  var system: String?

  func validate() throws {
    if let limit, limit < 1 { throw ValidationError("--limit is \(limit), expected at least 1") }
    if maxNewTokens < 1 { throw ValidationError("--max-new-tokens is \(maxNewTokens), expected at least 1") }
  }

  /// The questions that are asked, and a digest of their file. Every image is there.
  func read() throws -> (questions: [Question], digest: String) {
    let list = try QuestionInput.read(questions, annotations: annotations, requiresAnswers: !predict)
    let asked = Array(list.questions.prefix(limit ?? list.questions.count))
    try EvaluationRun.checkImages(of: asked, in: images, file: questions)
    return (asked, list.digest)
  }

  var generation: GenerationOptions { GenerationOptions(maxNewTokens: maxNewTokens) }

  /// What a run's rows depend on.
  func manifest(
    of model: VisionLanguageModel, settings: [RunManifest.Setting], options: RunOptions, digest: String, count: Int,
    shard: Shard? = nil
  ) throws -> RunManifest {
    RunManifest(
      version: BuildInformation.version, commit: BuildInformation.commit,
      model: RunManifest.Model(
        name: model.name, family: model.familyName,
        digest: try CheckpointFolder.contentIdentity(of: try ModelLocator.locate(options.model).folder)),
      precision: model.compute.precision, backend: model.compute.backEnd.rawValue,
      questions: RunManifest.Questions(file: questions, digest: digest, count: count, limit: limit), images: images,
      settings: settings, seed: options.selection.seed, metric: metric, positions: options.positions.rawValue,
      packing: options.packing.rawValue, grid: options.grid, template: options.template, system: system,
      maxNewTokens: maxNewTokens, maxPixels: options.maxPixels, maxVisualTokens: options.maxVisualTokens,
      fps: options.fps, shard: shard?.description)
  }
}

extension RunOptions {
  /// Reads images, folders of frames and videos.
  func pictureLoader() throws -> EvaluationRun.PictureLoader {
    let (reading, fps) = (try pictureOptions(), fps)
    return { path, model in
      try PictureInput.read([path], asVideo: false)[0].picture(for: model, options: reading, fps: fps)
    }
  }
}
