import Testing

@testable import Evaluation

@Suite
struct `Question files` {
  private func read(_ text: String) throws(EvaluationError) -> [Question] {
    try Question.read(Array(text.utf8), file: "questions.jsonl")
  }

  @Test
  func `numbers and names identify, answers may be one or several, blank lines are skipped`() throws {
    let questions = try read(
      #"""
      {"question_id": 7, "image": "a/b.png", "text": "What?", "answer": "red", "category": "colour"}

      {"question_id": "x1", "image": "c.png", "text": "Who?", "answers": ["one", "1"]}
      """#)
    #expect(questions.count == 2)
    #expect(questions[0].identifier == .number(7))
    #expect(questions[0].answers == ["red"])
    #expect(questions[0].category == "colour")
    #expect(questions[1].identifier == .name("x1"))
    #expect(questions[1].answers == ["one", "1"])
    #expect(questions[1].category == nil)
  }

  @Test(arguments: [
    #"{"image": "a.png", "text": "What?", "answer": "red"}"#,
    #"{"question_id": 1, "text": "What?", "answer": "red"}"#,
    #"{"question_id": 1, "image": "a.png", "text": " ", "answer": "red"}"#,
    #"{"question_id": 1, "image": "a.png", "text": "What?"}"#,
    #"{"question_id": 1, "image": "a.png", "text": "What?", "answers": [1]}"#,
    #"{"question_id": 1, "image": "#, "[]",
  ])
  func `a line that is no question is refused by its number`(line: String) throws {
    let good = #"{"question_id": 0, "image": "a.png", "text": "What?", "answer": "red"}"#
    let error = #expect(throws: EvaluationError.self) { try read(good + "\n" + line) }
    #expect(error?.message.contains("line 2") == true)
  }

  @Test
  func `the same question_id twice is refused, and so is a file without questions`() throws {
    let line = #"{"question_id": 0, "image": "a.png", "text": "What?", "answer": "red"}"#
    let error = #expect(throws: EvaluationError.self) { try read(line + "\n" + line) }
    #expect(error?.message.contains("occurs twice") == true)
    #expect(throws: EvaluationError.self) { try read("\n\n") }
  }
}
