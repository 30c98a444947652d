import Basics

/// VizWiz's file: a list with one question per image, identified by the image's name, ten answers each.
enum VizWizQuestions {
  static func read(_ list: JSONElements, into collector: inout QuestionCollector) throws(EvaluationError) {
    for (index, element) in list.enumerated() {
      let record = QuestionRecord(json: element, file: collector.file, place: .entry(index + 1))
      let image = try record.text("image")
      let question = Question(
        identifier: .name(image), image: image, text: try record.text("question"),
        category: try record.optionalText("answer_type"), answers: try record.texts("answers") ?? [])
      try collector.add(question, from: record, answerKey: "answers")
    }
  }
}
