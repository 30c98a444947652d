import Basics
import TestSupport
import Testing

@testable import Evaluation

/// Goldens of fixtures/generate/evaluation.py, which writes the published scripts' rules anew.
private func golden(_ name: String) throws -> JSONValue {
  try JSONValue(parsing: try readFile(Fixtures.url("evaluation/\(name).json").path))
}

private func question(_ answers: [String], options: [String] = [], identifier: Int = 1) -> Question {
  Question(identifier: .number(identifier), image: "a.png", text: "What?", answers: answers, options: options)
}

@Suite
struct `Metrics` {
  @Test(arguments: [
    ("Red", "red", 1.0), (" red \n", "red", 1), ("red.", "red", 1), ("red..", "red", 0),
    ("red", "redder", 0), ("top left", "top  left", 0), ("", "red", 0), ("ROT", "blau", 0),
  ])
  func `exact ignores case, white space around it and one trailing period`(given: String, right: String, grade: Double)
  {
    #expect(Metric.exact.grade(given, of: question([right])) == grade)
  }

  @Test
  func `any of several answers is right`() {
    #expect(Metric.exact.grade("two", of: question(["2", "Two"])) == 1)
    #expect(Metric.exact.grade("two", of: question([])) == 0)
    #expect(Metric.gqa.grade("Two..", of: question(["x", "two"])) == 1)
    #expect(Metric.gqa.grade(" two", of: question(["two"])) == 0)
  }

  @Test
  func `an unknown metric is refused with the known ones`() throws {
    let error = #expect(throws: EvaluationError.self) { try Metric(named: "bleu") }
    #expect(error?.hint.contains("exact, vqa, pope, mme, scienceqa, gqa, anls, mmbench, seed") == true)
  }

  @Test
  func `the normaliser gives what the reference's rules give`() throws {
    for pair in try #require(golden("normaliser").elements) {
      let parts = pair.elements.map { $0.compactMap(\.string) } ?? []
      try #require(parts.count == 2)
      #expect(AnswerNormaliser.normalised(parts[0]) == parts[1], "\(parts[0])")
    }
  }

  @Test(arguments: [
    ("Yes.", "yes"), ("1,000", "1000"), ("1.5", "1.5"), ("3.", "3"), ("U.S.A.", "usa"), ("dont", "don't"),
    ("it's", "it 's"), ("T-shirt's", "t shirt 's"), ("Coca-Cola", "coca cola"), ("12:30", "12:30"), ("$5", "$5"),
    ("none", "0"), ("An", ""), ("a - b", "b"), ("(a) dog", "dog"), ("2,5 and 3", "25 and 3"),
  ])
  func `the normaliser agrees with the published vectors`(raw: String, normalised: String) {
    #expect(AnswerNormaliser.normalised(raw) == normalised)
  }

  @Test(.enabled(if: Fixtures.sharedData != nil, "../shared/data is absent"))
  func `the normaliser agrees on all 2,060 published pairs`() throws {
    let path = try #require(Fixtures.sharedData).appending(path: "scoring/vizwiz/normaliser-pairs.jsonl").path
    var count = 0
    for (_, line) in try TextLines(try readFile(path), file: path) {
      let pair = try JSONValue(parsing: line)
      let raw = try #require(pair["raw"]?.string)
      #expect(AnswerNormaliser.normalised(raw) == pair["normalised"]?.string, "\(raw)")
      count += 1
    }
    #expect(count == 2060)
  }

  @Test(arguments: [(0, 0.0), (1, 0.3), (2, 0.6), (3, 0.9), (4, 1), (10, 1)])
  func `vqa counts equal answers of ten`(equal: Int, grade: Double) {
    let right = [String](repeating: "Red.", count: equal) + [String](repeating: "blue", count: 10 - equal)
    #expect(Metric.vqa.grade("the red", of: question(right)) == grade)
    #expect(Metric.vqa.grade("red", of: question(["Red."])) == 1)
  }

  @Test(arguments: ["pope", "mme"])
  func `yes and no are read as the scripts read them`(name: String) throws {
    let metric = try Metric(named: name)
    for pair in try #require(golden(name).elements) {
      let parts = pair.elements.map { $0.compactMap(\.string) } ?? []
      try #require(parts.count == 2)
      for label in ["yes", "no"] {
        #expect(metric.grade(parts[0], of: question([label])) == (label == parts[1] ? 1 : 0), "\(parts[0])")
      }
    }
  }

  @Test
  func `scienceqa reads a letter as LLaVA's script does`() throws {
    for pair in try #require(golden("scienceqa").elements) {
      let parts = try #require(pair.elements.map(Array.init))
      let given = try #require(parts[0].string)
      #expect(ScienceQAAnswer.letter(in: given).map(String.init) == parts[1].string, "\(given)")
    }
  }

  @Test
  func `anls is likeness from a half up`() throws {
    for row in try #require(golden("anls").elements) {
      let parts = try #require(row.elements.map(Array.init))
      let right = parts[1].elements?.compactMap(\.string) ?? []
      let expected = try #require(parts[2].number)
      let grade = Metric.anls.grade(try #require(parts[0].string), of: question(right))
      #expect(abs(grade - expected) < 1e-12, "\(right)")
    }
    #expect(Metric.anls.grade("x", of: question([])) == 0)
  }

  @Test
  func `mmbench reads a letter that stands alone, else an option's text`() throws {
    let json = try golden("mmbench")
    let options = json["options"]?.elements?.compactMap(\.string) ?? []
    for row in try #require(json["answers"]?.elements) {
      let parts = try #require(row.elements.map(Array.init))
      let given = try #require(parts[0].string)
      #expect(MMBenchLetter.letter(in: given, options: options).map(String.init) == parts[1].string, "\(given)")
    }
    #expect(Metric.mmbench.grade("B.", of: question(["dog"], options: options)) == 1)
    #expect(Metric.seed.grade("B.", of: question(["B"], options: options)) == 0)
    #expect(Metric.seed.grade("B\n", of: question(["dog"], options: options)) == 1)
  }

  @Test
  func `a right letter is that letter even where an option's text is the same`() {
    #expect(Metric.scienceqa.grade("B", of: question(["B"], options: ["B", "C"])) == 1)
    #expect(Metric.scienceqa.grade("A", of: question(["B"], options: ["B", "C"])) == 0)
  }

  @Test(.enabled(if: Fixtures.sharedData != nil, "../shared/data is absent"))
  func `scienceqa gives the published figures from the list of questions too`() throws {
    let folder = try #require(Fixtures.sharedData).appending(path: "scoring/scienceqa").path
    let path = "\(folder)/questions.json"
    let list = try QuestionList.read(QuestionFile(name: path, bytes: try readFile(path)))
    let graded = try JSONValue(parsing: try readFile("\(folder)/graded-llava-v1.5-13b.jsonl"))
    var texts: [String: String] = [:]
    for key in ["correct", "incorrect"] {
      for entry in try #require(graded[key]?.elements) {
        texts[try #require(entry["question_id"]?.string)] = entry["pred"]?.string
      }
    }
    let answers = try list.questions.map { try #require(texts[$0.identifier.description]) }
    let score = ScienceQAScore(list.questions, answers: answers)
    #expect(score.correct == 3155 && score.n == 4241 && score.imageAccuracy == 1445.0 / 2017)
  }

  @Test
  func `mmbench counts a question whose copies are all right`() {
    let questions = [1, 1_000_001, 2, 1_000_002].map { question(["A"], identifier: $0) }
    let score = GradeScore(.mmbench, questions, answers: ["A", "A", "A", "B"])
    #expect(score.score == 0.5 && score.n == 2)
    #expect(GradeScore(.seed, questions, answers: ["A", "A", "A", "B"]).score == 0.75)
  }
}
