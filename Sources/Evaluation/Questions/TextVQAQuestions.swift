import Basics

/// TextVQA's file: an object whose `data` lists the questions, ten answers each.
enum TextVQAQuestions {
  static func read(_ list: JSONElements, into collector: inout QuestionCollector) throws(EvaluationError) {
    for (index, element) in list.enumerated() {
      let record = QuestionRecord(json: element, file: collector.file, place: .entry(index + 1))
      let question = Question(
        identifier: try record.identifier(), image: try record.fileName("image_id") + ".jpg",
        text: try record.text("question"), answers: try record.texts("answers") ?? [])
      try collector.add(question, from: record, answerKey: "answers")
    }
  }
}
