import Basics

/// easy-VQA's file: a list of [question, answer, image number]. Questions are numbered from 0.
enum EasyVQAQuestions {
  static func read(_ list: JSONElements, into collector: inout QuestionCollector) throws(EvaluationError) {
    for (index, element) in list.enumerated() {
      let record = QuestionRecord(json: element, file: collector.file, place: .entry(index + 1))
      let parts = element.elements.map(Array.init) ?? []
      guard parts.count == 3, let text = parts[0].string, let answer = parts[1].string, let image = parts[2].integer
      else { throw record.wrong("it is not [question, answer, number of the image]") }
      guard text.contains(where: { !$0.isWhitespace }) else { throw record.wrong("its question is empty") }
      collector.append(
        Question(identifier: .number(index), image: "\(image).png", text: text, answers: [answer]))
    }
  }
}
