import Basics
import Foundation
import TestSupport
import Testing

@Suite struct `docs/schema describes what commands print` {
  /// A command whose JSON is checked. Objects whose keys are names of the data, and keys that may be absent, are told:
  /// any other field that comes or goes must be noticed.
  struct Case: Sendable, CustomTestStringConvertible {
    let schema: String
    let arguments: [String]
    var named: Set<String> = []
    var optional: Set<String> = []
    var testDescription: String { schema }
  }

  static let cases = [
    Case(
      schema: "ask", arguments: ["ask", wide, "-q", "What?", "--max-new-tokens", "2", "--keep", "25%"],
      optional: ["$.images[0].seconds_per_grid", "$.tokens.kept_per_block"]),
    Case(schema: "select", arguments: ["select", "evidence.safetensors", "--strategy", "downsample", "--keep", "9"]),
    Case(schema: "inspect", arguments: ["inspect", square, "-q", "What?", "--max-new-tokens", "1", "--keep", "9"]),
    Case(
      schema: "eval",
      arguments: ["eval", "--questions", "questions.jsonl", "--images", Fixtures.url("images").path],
      named: ["$.categories"]),
    Case(
      schema: "sweep",
      arguments: sweep, named: ["$.rows[0].categories"]),
    Case(schema: "merge", arguments: ["merge", "run-1", "run-2", "--out", "run"]),
    Case(
      schema: "statistics", arguments: ["statistics", "rows.jsonl", "--at-least", "50%"],
      named: ["$.rows[0].categories", "$.at_least.strategies"], optional: ["$.at_least"]),
    Case(
      schema: "report",
      arguments: [
        "report", Fixtures.url("evaluation/run").path, "--out", "report", "--no-pictures", "--replicates", "100",
      ]),
    Case(schema: "score", arguments: score("vqa"), named: ["$.categories"]),
    Case(schema: "score", arguments: score("pope"), named: ["$.categories"]),
    Case(schema: "score", arguments: ["score", "--metric", "mme", "--answers", "mme"], named: ["$.tasks"]),
    Case(schema: "score", arguments: ["score", "--metric", "scienceqa", "--answers", "graded.json"]),
    Case(
      schema: "bench",
      arguments: ["bench", "--rounds", "1", "--text-tokens", "8", "--max-new-tokens", "1", "--keep", "all,9"]),
    Case(schema: "pack", arguments: ["pack", "--precision", "int8", "--model-cache", "packed"]),
    Case(
      schema: "strategies", arguments: ["strategies", "--matrix"],
      named: ["$.strategies[0].families", "$.strategies[0].reasons"],
      optional: ["$.strategies[0].families", "$.strategies[0].reasons"]),
    Case(
      schema: "strategies", arguments: ["strategies", "globalcom2"],
      named: ["$.strategies[0].families", "$.strategies[0].reasons"],
      optional: [
        "$.strategies[0].families", "$.strategies[0].reasons", "$.strategies[0].paper", "$.strategies[0].place",
        "$.strategies[0].reads", "$.strategies[0].reads[0].tower", "$.strategies[0].finds_own_budget",
        "$.strategies[0].options", "$.strategies[0].options[0].released", "$.strategies[0].options[0].corrected",
      ]),
    Case(schema: "models", arguments: ["models"]),
    Case(schema: "doctor", arguments: ["doctor", "--model", classic], optional: ["$.model"]),
  ]

  private static func evaluation(_ name: String) -> String { Fixtures.url("evaluation/\(name)").path }

  private static func score(_ metric: String) -> [String] {
    let files = ["answers", "questions"].flatMap { ["--\($0)", evaluation("\(metric)/\($0).jsonl")] }
    return ["score", "--metric", metric] + files + (metric == "pope" ? ["--labels", evaluation("pope/labels")] : [])
  }

  /// What a command needs to be there.
  private static let preparations: [String: [[String]]] = [
    "select": [
      [
        "inspect", square, "-q", "What?", "--max-new-tokens", "1", "--strategy", "downsample", "--evidence",
        "evidence.safetensors",
      ]
    ],
    "merge": (1...2).map { sweep + ["--out", "run-\($0)", "--shard", "\($0)/2"] },
  ]

  private static let sweep = [
    "sweep", "--questions", "questions.jsonl", "--images", Fixtures.url("images").path, "--strategies", "uniform",
    "--keep", "9", "--max-new-tokens", "1",
  ]

  /// In a folder with what the cases read; the tiny checkpoint stands for the bundled model.
  private func output(_ arguments: [String]) throws -> JSONValue {
    let scratch = try Scratch()
    try scratch.write(Self.questions, as: "questions.jsonl")
    try scratch.write(Self.rows, as: "rows.jsonl")
    try scratch.write(
      #"{"correct": [{"question_id": "1", "pred": "A", "ground_truth": "A", "is_multimodal": true}], "incorrect": []}"#,
      as: "graded.json")
    try FileManager.default.createDirectory(atPath: scratch.path("mme"), withIntermediateDirectories: true)
    for task in Self.tasks {
      try scratch.write("1.jpg\tIs it?\tYes\tYes\n1.jpg\tNot?\tNo\tYes\n", as: "mme/\(task).txt")
    }
    func run(_ arguments: [String]) throws -> Outcome {
      var command = Command(arguments)
      command.folder = scratch.folder
      command.environment["VLMPRUNE_HOME"] = classic
      return try expectSuccess(command)
    }
    for arguments in Self.preparations[arguments[0]] ?? [] { _ = try run(arguments) }
    let outcome = try run(arguments + ["--json"])
    _ = try outcome.json()
    return try JSONValue(parsing: outcome.output)
  }

  private static let tasks = [
    "existence", "count", "position", "color", "posters", "celebrity", "scene", "landmark", "artwork", "OCR",
    "commonsense_reasoning", "numerical_calculation", "text_translation", "code_reasoning",
  ]

  private static let questions = ["square", "wide"].enumerated().map { number, picture in
    #"{"question_id": \#(number), "image": "tiny-\#(picture).png", "text": "What?", "answer": "x", "category": "what"}"#
  }.joined(separator: "\n")

  private static let rows = ["none", "random", "uniform"].map { strategy in
    #"{"question_id": 1, "strategy": "\#(strategy)", "keep": "\#(strategy == "none" ? "all" : "9")", "correct": true}"#
  }.joined(separator: "\n")

  @Test(arguments: cases)
  func `to the field`(_ example: Case) throws {
    let validator = try SchemaValidator(example.schema)
    let value = try output(example.arguments)
    #expect(try validator.problems(value) == [])
    // What the schema says is worth as much as what it refuses.
    for change in Self.changes(of: value, in: example) {
      let changed = try JSONValue(parsing: Array(change.text.utf8))
      #expect(try !validator.problems(changed).isEmpty, "\(example.schema): \(change.name) goes unseen")
    }
  }

  @Test
  func `rows and answers, line by line`() throws {
    let scratch = try Scratch()
    try scratch.write(Self.questions, as: "questions.jsonl")
    for arguments in [
      Self.sweep + ["--out", "run"],
      [
        "eval", "--questions", "questions.jsonl", "--images", Fixtures.url("images").path, "--answers", "answers.jsonl",
      ],
    ] {
      var command = Command(arguments + ["--model", classic])
      command.folder = scratch.folder
      try expectSuccess(command)
    }
    let rows = try scratch.bytes("run/rows.jsonl").split(separator: 0x0A)
    // The first line of the answers has a schema of its own.
    let answers = try scratch.bytes("answers.jsonl").split(separator: 0x0A).dropFirst()
    #expect(rows.count >= 2 && answers.count == 2)
    for (schema, lines) in [("row", Array(rows)), ("answer-line", Array(answers))] {
      let example = Case(schema: schema, arguments: [])
      let validator = try SchemaValidator(schema)
      for line in lines { #expect(try validator.problems(try JSONValue(parsing: Array(line))) == []) }
      let value = try JSONValue(parsing: Array(try #require(lines.first)))
      for change in Self.changes(of: value, in: example) where !change.name.hasSuffix("_ms") {
        let changed = try JSONValue(parsing: Array(change.text.utf8))
        let isOptional = change.name.hasPrefix("without $.metadata.")
        #expect(try isOptional || !validator.problems(changed).isEmpty, "\(schema): \(change.name) goes unseen")
      }
    }
  }

  @Test
  func `what a run depends on, in its manifest and in front of answers`() throws {
    let scratch = try Scratch()
    try scratch.write(Self.questions, as: "questions.jsonl")
    let full = ["--limit", "1", "--system", "Be brief.", "--template", "vicuna"]
    let eval = ["eval", "--questions", "questions.jsonl", "--images", Fixtures.url("images").path]
    for arguments in [
      Self.sweep + ["--out", "plain"], Self.sweep + full + ["--out", "full", "--shard", "1/2"],
      eval + ["--answers", "plain.jsonl"], eval + full + ["--answers", "full.jsonl"],
    ] {
      var command = Command(arguments + ["--model", classic])
      command.folder = scratch.folder
      try expectSuccess(command)
    }
    let optional: Set = ["$.questions.limit", "$.system", "$.template", "$.shard"]
    for name in ["plain", "full"] {
      let head = try #require(try scratch.bytes("\(name).jsonl").split(separator: 0x0A).first)
      for (schema, bytes) in [("manifest", try scratch.bytes("\(name)/manifest.json")), ("answers-head", Array(head))] {
        let validator = try SchemaValidator(schema)
        let value = try JSONValue(parsing: bytes)
        #expect(try validator.problems(value) == [])
        for change in Self.changes(of: value, in: Case(schema: schema, arguments: [], optional: optional)) {
          let changed = try JSONValue(parsing: Array(change.text.utf8))
          #expect(try !validator.problems(changed).isEmpty, "\(schema): \(change.name) goes unseen")
        }
      }
    }
  }

  @Test(arguments: [
    ["ask"], ["ask", "/nowhere.png", "-q", "What?"], ["ask", square, "-q", "What?", "--keep", "0"],
    ["ask", square, "--model", "/nowhere", "-q", "What?"], ["select", "/nowhere"], ["eval"], ["nonsense"],
    ["bench", "--rounds", "0"], ["doctor", "--nonsense"],
  ])
  func `errors too`(_ arguments: [String]) throws {
    for arguments in [arguments + ["--json"], [arguments[0], "--json"] + arguments.dropFirst()] {
      let outcome = try Command(arguments).run()
      let code = try #require(outcome.exitCode)
      expectFailure(outcome, of: Command(arguments), exitCode: code)
      let value = try JSONValue(parsing: Array(outcome.errors.utf8))
      #expect(try SchemaValidator("error").problems(value) == [])
      #expect(value["command"]?.string == (arguments[0] == "nonsense" ? nil : arguments[0]))
      #expect(value["exit_code"]?.integer == Int(code))
    }
  }

  @Test
  func `a question that reads --json asks for no JSON`() throws {
    let outcome = try Command("ask", square, "--model", classic, "-q", "--json", "--keep", "0").run()
    #expect(outcome.exitCode == 2 && outcome.errors.hasPrefix("error: ") && outcome.errorLines.count == 2)
    let after = try Command("select", "--", "--json").run()
    #expect(after.errors.hasPrefix("error: ") && after.errors.contains("--json"))
  }

  @Test
  func `every schema is read, and every command has one`() throws {
    let suffix = ".schema.json"
    let names = try FileManager.default.contentsOfDirectory(atPath: SchemaValidator.folder.path).sorted()
    #expect(names.allSatisfy { $0.hasSuffix(suffix) })
    for name in names { _ = try SchemaValidator(String(name.dropLast(suffix.count))) }
    for command in `strategies, models, doctor, help and version`.commands {
      // What batch reads and writes are lines, each of a form of its own.
      let schemas = command == "batch" ? ["batch-line-in", "batch-line-out"] : [command]
      for schema in schemas { #expect(names.contains(schema + suffix), "\(command)") }
    }
  }

  @Test
  func `lines of batch are as their schemas say, in and out`() throws {
    let picture = "\"image\": \"\(square)\""
    let good = [
      #"{"id": 1, \#(picture), "question": "What?"}"#,
      #"{"id": null, "images": ["\#(square)"], "question": "What?", "strategy": "hiprune", "keep": "9"}"#,
      #"{"id": "b", \#(picture), "question": "What?", "keep": 0.5, "max_new_tokens": 2}"#,
    ]
    let bad = [#"{"id": 2, "image": "/nowhere.png", "question": "What?"}"#, "{"]
    var command = Command("batch", "--model", classic, "--max-new-tokens", "2", "--strategy", "uniform")
    command.input = Array((good + bad).joined(separator: "\n").utf8)
    let outcome = try command.run()
    #expect(outcome.exitCode == 0)
    let input = try SchemaValidator("batch-line-in")
    for line in good { #expect(try input.problems(try JSONValue(parsing: Array(line.utf8))) == [], "\(line)") }
    #expect(try !input.problems(try JSONValue(parsing: Array(#"{"id": 1, "imag": "a.png"}"#.utf8))).isEmpty)
    let output = try SchemaValidator("batch-line-out")
    let lines = outcome.output.split(separator: 0x0A)
    #expect(lines.count == good.count + bad.count)
    for line in lines {
      let problems = try output.problems(try JSONValue(parsing: Array(line)))
      #expect(problems == [], "\(String(decoding: line, as: UTF8.self))")
    }
  }

  // MARK: - Changes

  private struct Change {
    let name: String
    let text: String
  }

  /// The value with a field left out or added, once for every field of every object; of lists the first element.
  private static func changes(of value: JSONValue, in example: Case) -> [Change] {
    var changes: [Change] = []
    func visit(_ value: JSONValue, _ path: String, _ wrap: (String) -> String) {
      let elements: [JSONValue] = value.elements.map { Array($0) } ?? []
      if let first = elements.first {
        let rest = elements.dropFirst().map { ",\(text($0))" }.joined()
        visit(first, "\(path)[0]") { wrap("[\($0)\(rest)]") }
      }
      guard let members = value.members.map({ Array($0) }) else { return }
      let texts: [String] = members.map { "\(quoted($0.name)):\(text($0.value))" }
      func object(_ texts: [String]) -> String { wrap("{\(texts.joined(separator: ","))}") }
      let hasFixedKeys = !example.named.contains(path)
      if hasFixedKeys {
        changes.append(Change(name: "\(path).surplus", text: object(texts + [#""surplus":1"#])))
      }
      for (index, member) in members.enumerated() {
        let inner = "\(path).\(member.name)"
        if hasFixedKeys, !example.optional.contains(inner) {
          var others = texts
          others.remove(at: index)
          changes.append(Change(name: "without \(inner)", text: object(others)))
        }
        visit(member.value, inner) { changed in
          var replaced = texts
          replaced[index] = "\(quoted(member.name)):\(changed)"
          return object(replaced)
        }
      }
    }
    visit(value, "$") { $0 }
    return changes
  }

  private static func quoted(_ text: String) -> String {
    let escaped = text.unicodeScalars.map { scalar in
      scalar.value < 0x20 || "\"\\".unicodeScalars.contains(scalar)
        ? String(format: "\\u%04x", scalar.value) : String(scalar)
    }
    return "\"\(escaped.joined())\""
  }

  private static func text(_ value: JSONValue) -> String {
    if let members = value.members {
      return "{\(members.map { "\(quoted($0.name)):\(text($0.value))" }.joined(separator: ","))}"
    }
    if let elements = value.elements { return "[\(elements.map(text).joined(separator: ","))]" }
    if let text = value.string { return quoted(text) }
    if let boolean = value.boolean { return "\(boolean)" }
    if let integer = value.integer { return "\(integer)" }
    return value.number.map { "\($0)" } ?? "null"
  }
}

@Suite struct `The schema validator` {
  private func problems(_ schema: String, _ value: String) throws -> [String] {
    let scratch = try Scratch()
    try scratch.write(schema, as: "a.schema.json")
    let validator = try SchemaValidator(file: "a.schema.json", in: URL(fileURLWithPath: scratch.folder))
    return try validator.problems(try JSONValue(parsing: Array(value.utf8)))
  }

  @Test(arguments: [
    (#"{"type": "integer"}"#, ["1", "1.0"], ["1.5", "\"1\"", "true", "null"]),
    (#"{"type": ["string", "null"]}"#, ["\"\"", "null"], ["0", "[]"]),
    (#"{"const": 1}"#, ["1"], ["2", "true", "\"1\""]),
    (#"{"enum": ["a", null]}"#, ["\"a\"", "null"], ["\"b\"", "false"]),
    (#"{"minimum": 0, "maximum": 1}"#, ["0", "0.5", "1", "\"x\""], ["-1", "1.1"]),
    (
      #"{"items": {"type": "string"}, "minItems": 1, "maxItems": 2}"#, [#"["a"]"#, "3"], ["[]", "[1]", #"["","",""]"#]
    ),
    (#"{"pattern": "^a+$", "minLength": 2}"#, [#""aa""#], [#""a""#, #""ab""#]),
    (
      #"{"required": ["a"], "properties": {"a": {"type": "null"}}}"#, [#"{"a":null,"b":1}"#, "1"], ["{}", #"{"a":1}"#]
    ),
    (#"{"properties": {"a": true}, "additionalProperties": false}"#, ["{}", #"{"a":1}"#], [#"{"b":1}"#]),
    (
      #"{"patternProperties": {"_ms$": {"type": "number"}}, "additionalProperties": false}"#, [#"{"a_ms":1}"#],
      [#"{"a_ms":""}"#, #"{"a":1}"#]
    ),
    (#"{"additionalProperties": {"type": "number"}}"#, [#"{"b":1}"#], [#"{"b":""}"#]),
    (#"{"oneOf": [{"type": "integer"}, {"minimum": 0}]}"#, ["-1", "0.5"], ["1", "-0.5"]),
    (#"{"anyOf": [{"type": "null"}, {"type": "boolean"}]}"#, ["null", "true"], ["1"]),
    (##"{"$defs": {"a": {"type": "null"}}, "$ref": "#/$defs/a"}"##, ["null"], ["1"]),
  ])
  func `knows each keyword`(schema: String, right: [String], wrong: [String]) throws {
    for value in right { #expect(try problems(schema, value) == [], "\(schema) takes \(value)") }
    for value in wrong { #expect(try !problems(schema, value).isEmpty, "\(schema) refuses \(value)") }
  }

  @Test(arguments: [
    #"{"multipleOf": 2}"#, #"{"properties": {"a": {"format": "uri"}}}"#, #"{"oneOf": [{"not": {}}]}"#,
    ##"{"$ref": "#/$defs/none"}"##, #"{"items": {"additionalProperties": {"uniqueItems": true}}}"#,
  ])
  func `refuses what it does not know`(schema: String) {
    #expect(throws: SchemaValidator.Unsupported.self) { try problems(schema, "[1]") }
  }
}
