import Testing

@testable import Evaluation

private func list(
  _ text: String, file: String = "questions.jsonl", annotations: String? = nil, requiresAnswers: Bool = true
) throws(EvaluationError) -> QuestionList {
  try QuestionList.read(
    QuestionFile(name: file, bytes: Array(text.utf8)),
    annotations: annotations.map { QuestionFile(name: "annotations.json", bytes: Array($0.utf8)) },
    requiresAnswers: requiresAnswers)
}

private let good = #"{"question_id": 0, "image": "a.png", "text": "What?", "answer": "red"}"#

@Suite
struct `Question files of LLaVA's form` {
  @Test
  func `numbers and names identify, answers may be one or several, blank lines are skipped`() throws {
    let questions = try list(
      #"""
      {"question_id": 7, "image": "a/b.png", "text": "What?", "answer": "red", "category": "colour"}

      {"question_id": "x1", "image": "c.png", "text": "Who?", "answers": ["one", "1"], "options": ["one", "two"]}
      """#
    ).questions
    #expect(questions.count == 2)
    #expect(questions[0].identifier == .number(7) && questions[0].image == "a/b.png")
    #expect(questions[0].answers == ["red"] && questions[0].options == [] && questions[0].category == "colour")
    #expect(questions[1].identifier == .name("x1") && questions[1].options == ["one", "two"])
    #expect(questions[1].answers == ["one", "1"] && questions[1].category == nil)
  }

  @Test(arguments: [
    (#"{"image": "a.png", "text": "What?", "answer": "red"}"#, "question_id"),
    (#"{"question_id": 1, "text": "What?", "answer": "red"}"#, "image"),
    (#"{"question_id": 1, "image": ["a.png"], "text": "What?", "answer": "red"}"#, "image"),
    (#"{"question_id": 1, "image": "a.png", "text": " ", "answer": "red"}"#, "text"),
    (#"{"question_id": 1, "image": "a.png", "text": "What?"}"#, "answer"),
    (#"{"question_id": 1, "image": "a.png", "text": "What?", "answer": 1}"#, "expected a string"),
    (#"{"question_id": 1, "image": "a.png", "text": "What?", "answers": [1]}"#, "answers"),
    (#"{"question_id": 1, "image": "a.png", "text": "What?", "answer": "a", "answers": ["b"]}"#, "both"),
    (#"{"question_id": 1, "image": "a.png", "text": "What?", "anser": "a"}"#, "expected \"answer\""),
    (#"{"question_id": 1, "image": "#, "JSON"), ("[]", "object"), ("hello", "JSON"),
  ])
  func `a line that is no question is refused by file, line and key`(line: String, key: String) throws {
    let error = #expect(throws: EvaluationError.self) { try list(good + "\n" + line) }
    #expect(error?.message.contains("questions.jsonl, line 2: ") == true && error?.message.contains(key) == true)
    #expect(throws: EvaluationError.self) { try list(line) }
  }

  @Test
  func `the same question_id twice is refused, and so is a file without questions`() throws {
    let error = #expect(throws: EvaluationError.self) { try list(good + "\n" + good) }
    #expect(error?.message.contains("line 2: question_id 0 occurs twice") == true)
    for empty in ["", "\n\n", "[]", "{\"data\": []}"] {
      #expect(throws: EvaluationError.self) { try list(empty) }
    }
  }

  @Test
  func `CRLF and a byte-order mark are no part of a line, UTF-16 is refused by name`() throws {
    let questions = try list("\u{FEFF}" + good + "\r\n\r\n" + good.replacing("0", with: "1")).questions
    #expect(questions.map(\.identifier) == [.number(0), .number(1)])
    let wide = good.utf16.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }
    for bytes in [[0xFF, 0xFE] + wide, wide] {
      let error = #expect(throws: EvaluationError.self) {
        try QuestionList.read(QuestionFile(name: "q.jsonl", bytes: bytes))
      }
      #expect(error?.message.contains("UTF-16") == true)
    }
  }

  @Test
  func `keys that nobody reads are told, published ones are not`() throws {
    func line(_ id: Int) -> String {
      #"{"question_id": \#(id), "image": "a", "text": "b", "answer": "c", "weight": 1, "split": "x"}"#
    }
    #expect(
      try list(line(1) + "\n" + line(2)).notes == ["questions.jsonl: key \"weight\" is not read (line 1 and 1 more)"])
  }

  @Test
  func `answers may be absent where nobody grades, and the digest is the file's`() throws {
    let bare = #"{"question_id": 1, "image": "a.png", "text": "What?"}"#
    let read = try list(bare, requiresAnswers: false)
    #expect(read.questions[0].answers == [])
    // printf '%s' LINE | sha256sum
    #expect(read.digest == "f87dde3171c251ec898aefeeaa79284a2948a5c13a868d7adfa935bad1198531")
  }

  @Test
  func `POPE's labels are answers, and the file's name tells the split`() throws {
    let label = #"{"question_id": 1, "image": "a.jpg", "text": "Is there a car?", "label": "yes"}"#
    let question = try list(label, file: "x/coco_pope_popular.json").questions[0]
    #expect(question.answers == ["yes"] && question.category == "popular")
  }
}

@Suite
struct `Question files of published forms` {
  @Test
  func `MME's task files have two questions an image`() throws {
    let text = "1.jpg\tIs it red?\tYes\n1.jpg\tIs it blue?\tNo\n"
    let questions = try list(text, file: "d/color.txt").questions
    #expect(questions.map(\.identifier) == [.name("color/1.jpg#1"), .name("color/1.jpg#2")])
    #expect(questions.map(\.image) == ["color/1.jpg", "color/1.jpg"] && questions[1].answers == ["no"])
    #expect(questions[0].category == "color")
    for broken in ["1.jpg\tIs it?\n", "1.jpg\tIs it?\tMaybe\n"] {
      let error = #expect(throws: EvaluationError.self) { try list(text + broken, file: "color.txt") }
      #expect(error?.message.contains("color.txt, line 3") == true)
    }
    let folder = try QuestionList.read(
      tasks: ["count", "color"].map { QuestionFile(name: "d/\($0).txt", bytes: Array(text.utf8)) }, folder: "d")
    #expect(folder.questions.count == 4 && folder.questions[0].category == "color")
  }

  @Test
  func `ScienceQA's list has options in the text, and questions about no picture`() throws {
    let text = #"""
      [{"id": "4",
        "conversations": [{"from": "human", "value": "Which?\nA. one\nB. two"}, {"from": "gpt", "value": "B"}]},
       {"id": "5", "image": "5/image.png",
        "conversations": [{"from": "human", "value": "<image>\nWho?\nA. x\nB. y"}, {"from": "gpt", "value": "A"}]}]
      """#
    let questions = try list(text).questions
    #expect(questions.map(\.image) == ["", "5/image.png"] && questions.map(\.category) == ["text", "image"])
    #expect(questions[0].options == ["one", "two"] && questions[1].text == "Who?\nA. x\nB. y")
    #expect(Metric.scienceqa.grade("B. two", of: questions[0]) == 1)
    let error = #expect(throws: EvaluationError.self) {
      try list(text.replacing(#""value": "A""#, with: #""x": "A""#))
    }
    #expect(error?.message.contains("entry 2") == true && error?.message.contains("gpt") == true)
  }

  @Test
  func `TextVQA, VizWiz, GQA and easy-VQA are told apart by their content`() throws {
    let text = try list(
      #"{"data": [{"question_id": 3, "image_id": "0a", "question": "What?", "answers": ["x", "y"], "image_width": 9}]}"#
    )
    #expect(text.questions[0].image == "0a.jpg" && text.questions[0].answers == ["x", "y"])
    let wiz = try list(
      #"[{"image": "v.jpg", "question": "What?", "answers": [{"answer": "x"}], "answer_type": "other"}]"#)
    #expect(wiz.questions[0].identifier == .name("v.jpg") && wiz.questions[0].category == "other")
    let gqa = try list(
      #"{"07": {"question": "Who?", "imageId": "n1", "answer": "man", "types": {"structural": "query"}}}"#)
    #expect(gqa.questions[0].identifier == .name("07") && gqa.questions[0].image == "n1.jpg")
    #expect(gqa.questions[0].category == "query")
    let easy = try list(#"[["what is red?", "circle", 4], ["is it?", "no", 4]]"#)
    #expect(easy.questions.map(\.image) == ["4.png", "4.png"] && easy.questions[1].answers == ["no"])
    let error = #expect(throws: EvaluationError.self) { try list(#"[["a", "b", 1], ["a", "b"]]"#) }
    #expect(error?.message.contains("entry 2") == true)
    for unknown in [#"{"x": 1}"#, #"[{"a": 1}]"#, "[1", "{\n\"data\": ["] {
      #expect(throws: EvaluationError.self) { try list(unknown) }
    }
  }

  @Test
  func `VQAv2 has its answers in a file of annotations`() throws {
    let questions = #"""
      {"data_subtype": "val2014", "questions": [{"image_id": 42, "question": "What?", "question_id": 42001}]}
      """#
    let annotations = #"""
      {"annotations": [{"question_id": 42001, "answer_type": "other", "answers": [{"answer": "x"}, {"answer": "y"}]}]}
      """#
    let question = try list(questions, annotations: annotations).questions[0]
    #expect(question.image == "COCO_val2014_000000000042.jpg" && question.answers == ["x", "y"])
    let missing = #expect(throws: EvaluationError.self) { try list(questions) }
    #expect(missing?.hint.contains("--annotations") == true)
    #expect(try list(questions, requiresAnswers: false).questions[0].answers == [])
    let other = #expect(throws: EvaluationError.self) {
      try list(questions, annotations: annotations.replacing("42001", with: "1"))
    }
    #expect(other?.message.contains("42001") == true)
    #expect(throws: EvaluationError.self) { try list(good, annotations: annotations) }
  }
}
