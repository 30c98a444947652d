import Basics

/// VQAv2: a file of questions, and a file of annotations with ten answers per question.
enum VQAQuestions {
  /// One question's answers and answer type.
  private struct Annotation {
    let answers: [String]
    let kind: String?
  }

  /// - Parameter annotations: content and name of the annotation file.
  static func read(
    _ root: JSONValue, _ list: JSONElements, annotations: QuestionFile?, into collector: inout QuestionCollector
  ) throws(EvaluationError) {
    guard annotations != nil || !collector.requiresAnswers else { throw .missingAnnotations(file: collector.file) }
    let known = try annotations.map { file throws(EvaluationError) in try read(file) } ?? [:]
    guard let subtype = root["data_subtype"]?.string else {
      throw .malformedFile(file: collector.file, reason: "it has no data_subtype, which names its images")
    }
    // test-dev2015 uses the pictures of test2015.
    let images = subtype.replacing("test-dev", with: "test")
    for (index, element) in list.enumerated() {
      let record = QuestionRecord(json: element, file: collector.file, place: .entry(index + 1))
      let identifier = try record.identifier()
      guard let image = try record.required("image_id").integer else {
        throw record.wrongKind("image_id", try record.required("image_id"), expected: "an integer")
      }
      let digits = String(image)
      let number = String(repeating: "0", count: max(12 - digits.count, 0)) + digits
      let annotation = known[identifier]
      if let annotations, annotation == nil {
        throw record.wrong("\(annotations.name) has no annotation for question_id \(identifier)")
      }
      let question = Question(
        identifier: identifier, image: "COCO_\(images)_\(number).jpg", text: try record.text("question"),
        category: annotation?.kind, answers: annotation?.answers ?? [])
      try collector.add(question, from: record, answerKey: "answers")
    }
  }

  private static func read(_ file: QuestionFile) throws(EvaluationError) -> [Question.Identifier: Annotation] {
    let root = try JSONFile.value(try TextLines(file.bytes, file: file.name), file: file.name)
    guard let list = root["annotations"]?.elements else {
      throw .malformedFile(file: file.name, reason: "it has no list \"annotations\"")
    }
    var annotations: [Question.Identifier: Annotation] = [:]
    for (index, element) in list.enumerated() {
      let record = QuestionRecord(json: element, file: file.name, place: .entry(index + 1))
      let identifier = try record.identifier()
      let annotation = Annotation(
        answers: try record.texts("answers") ?? [], kind: try record.optionalText("answer_type"))
      guard annotations.updateValue(annotation, forKey: identifier) == nil else {
        throw record.wrong("question_id \(identifier) occurs twice")
      }
    }
    return annotations
  }
}
