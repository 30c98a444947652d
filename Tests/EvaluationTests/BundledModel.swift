import Kernels
import Pruning
import TestSupport
import VLM

@testable import Evaluation

/// The bundled model on its own test scenes. Runs are kept, because several tests look at the same ones.
actor BundledModel {
  static let shared = BundledModel()

  static let name = "shapes-llava"
  private static let scenes = Fixtures.url("questions/scenes")

  private var models: [String: VisionLanguageModel] = [:]
  private var runs: [String: [AnsweredQuestion]] = [:]

  /// Every test question, in the file's order.
  static func questions() throws -> [Question] {
    try QuestionList.read(
      QuestionFile(
        name: "questions.jsonl", bytes: try readFile(scenes.appending(path: "questions.jsonl").path))
    ).questions
  }

  /// The questions about the first `images` pictures, answered; a setting that was run already is not run again.
  func answers(
    _ strategy: String, keep: String, images: Int, precision: Precision = .f32, name: String = BundledModel.name
  ) throws -> [AnsweredQuestion] {
    let key = "\(name) \(strategy) \(keep) \(images) \(precision)"
    if let known = runs[key] { return known }
    let model =
      try models["\(name) \(precision)"]
      ?? FamilyCatalogue.load(
        folder: Fixtures.model(name).path, name: name, workers: Workers(count: 2),
        compute: ComputeOptions(precision: precision))
    models["\(name) \(precision)"] = model
    let all = try Self.questions()
    var pictures: [String] = []
    for question in all where !pictures.contains(question.image) { pictures.append(question.image) }
    let asked = all.filter { Set(pictures.prefix(images)).contains($0.image) }
    let setting = PruningSetting(
      strategy: try StrategyCatalogue.standard.make(parsing: strategy), budget: try Budget(parsing: keep))
    let answered = try EvaluationRun(model: model, settings: [setting]).answers(to: asked, images: Self.scenes.path)
    runs[key] = answered
    return answered
  }
}
