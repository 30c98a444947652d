import Kernels
import Pruning
import TestSupport
import Testing
import VLM

@testable import Evaluation

@Suite struct `A sweep` {
  /// Reused features and prefixes must not leak from one setting into another.
  @Test func `gives the answers that each setting gives alone`() throws {
    let model = try FamilyCatalogue.load(
      folder: Fixtures.model("tiny-classic").path, name: "tiny", workers: Workers(count: 2))
    let questions = try ["tiny-wide.png", "tiny-square.png", "tiny-wide.png"].enumerated().flatMap { index, image in
      try QuestionList.read(
        QuestionFile(
          name: "questions.jsonl",
          bytes: Array(
            #"{"question_id": \#(index), "image": "\#(image)", "text": "What is \#(index)?", "answer": "x"}"#.utf8))
      ).questions
    }
    let settings = try [("none", "all"), ("fastervlm", "9"), ("hiprune++", "9"), ("fopru", "12"), ("fastervlm", "4")]
      .map {
        PruningSetting(
          strategy: try StrategyCatalogue.standard.make(parsing: $0.0), budget: try Budget(parsing: $0.1), seed: 3)
      }
    let options = GenerationOptions(maxNewTokens: 6)
    let images = Fixtures.url("images").path
    let table = try EvaluationRun(model: model, settings: settings, options: options).table(
      of: questions, images: images)
    #expect(table.count == settings.count)
    for (answers, setting) in zip(table, settings) {
      let alone = try EvaluationRun(model: model, settings: [setting], options: options).answers(
        to: questions, images: images)
      #expect(answers.map(\.answer.text) == alone.map(\.answer.text))
      #expect(answers.map(\.question.identifier.description) == ["0", "1", "2"])
      #expect(answers.map(\.answer.keptTokens) == alone.map(\.answer.keptTokens))
    }
  }
}
