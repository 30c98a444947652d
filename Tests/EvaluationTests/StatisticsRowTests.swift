import Testing

@testable import Evaluation

@Suite
struct `Lines of a run's log` {
  private func read(_ text: String) throws -> [RunRow] {
    var rows: [RunRow] = []
    try RunRow.read(Array(text.utf8), file: "rows.jsonl") { row, _ in rows.append(row) }
    return rows
  }

  @Test
  func `a row has what its line says, and ignores what it does not know`() throws {
    let rows = try read(
      "\u{FEFF}"
        + #"{"question_id": 7, "image": "a.png", "category": "c", "strategy": "hiprune(alpha=0.1)", "keep": "25%", "#
        + #""kept": 6, "visual_tokens": 25, "answer": "red", "correct": true, "prefill_ms": 1.5, "encode_ms": 2, "#
        + #""more": {"deep": [1]}}"# + "\r\n\n  \n"
        + #"{"question_id":"7","strategy":"none","keep":64,"correct":0.3,"category":null}"#)
    #expect(
      rows == [
        RunRow(
          question: .number(7), image: "a.png", category: "c", strategy: "hiprune(alpha=0.1)", keep: "25%", kept: 6,
          visualTokens: 25, answer: "red", correct: 1, times: ["prefill_ms": 1.5, "encode_ms": 2]),
        RunRow(question: .name("7"), strategy: "none", keep: "64", correct: 0.3),
      ])
  }

  @Test
  func `a row of a question that failed needs no grade`() throws {
    let rows = try read(
      #"{"question_id":1,"strategy":"none","keep":"all","error":"too long","correct":null}"# + "\n"
        + #"{"question_id":2,"strategy":"none","keep":"all","error":{"message":"too long","hint":"cut"}}"#)
    #expect(rows.allSatisfy { $0.error == "too long" && $0.correct == nil })
  }

  @Test(arguments: [
    ("{", "invalid JSON"), ("[]", "an object"), (#"{"strategy":"none","keep":"all","correct":1}"#, "no question_id"),
    (#"{"question_id":[1],"strategy":"none","keep":"all","correct":1}"#, "question_id"),
    (#"{"question_id":1.5,"strategy":"none","keep":"all","correct":1}"#, "question_id"),
    (#"{"question_id":1,"keep":"all","correct":1}"#, "no strategy"),
    (#"{"question_id":1,"strategy":"","keep":"all","correct":1}"#, "strategy"),
    (#"{"question_id":1,"strategy":"none","correct":1}"#, "no keep"),
    (#"{"question_id":1,"strategy":"none","keep":"all"}"#, "no correct"),
    (#"{"question_id":1,"strategy":"none","keep":"all","correct":"yes"}"#, "correct"),
    (#"{"question_id":1,"strategy":"none","keep":"all","correct":1.01}"#, "correct"),
    (#"{"question_id":1,"strategy":"none","keep":"all","correct":-1}"#, "correct"),
    (#"{"question_id":1,"strategy":"none","keep":"all","correct":1,"category":3}"#, "category"),
    (#"{"question_id":1,"strategy":"none","keep":"all","correct":1,"kept":-3}"#, "kept"),
    (#"{"question_id":1,"strategy":"none","keep":"all","correct":1,"x_ms":"3"}"#, "x_ms"),
    (#"{"question_id":1,"question_id":2,"strategy":"none","keep":"all","correct":1}"#, "occurs twice"),
  ])
  func `a line that is no row is refused with its number and key`(line: String, fragment: String) throws {
    let first = #"{"question_id":0,"strategy":"none","keep":"all","correct":1}"#
    let error = #expect(throws: EvaluationError.self) { try read("\(first)\n\n\(line)\n") }
    #expect(error?.message.contains("rows.jsonl, line 3: ") == true)
    #expect(error?.message.contains(fragment) == true, "\(error?.message ?? "")")
  }
}
