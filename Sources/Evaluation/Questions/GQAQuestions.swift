import Basics

/// GQA's file: an object that maps ids to questions.
enum GQAQuestions {
  static func read(_ questions: JSONMembers, into collector: inout QuestionCollector) throws(EvaluationError) {
    for member in questions {
      let record = QuestionRecord(json: member.value, file: collector.file, place: .key(member.name))
      let answer = try record.optionalText("answer")
      let question = Question(
        identifier: .name(member.name), image: try record.fileName("imageId") + ".jpg",
        text: try record.text("question"), category: record.value("types")?["structural"]?.string,
        answers: answer.map { [$0] } ?? [])
      try collector.add(question, from: record)
    }
  }
}
