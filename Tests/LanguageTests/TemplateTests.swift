import Basics
import Foundation
import Language
import TestSupport
import Testing

/// What transformers' `apply_chat_template` writes: `fixtures/generate/prompts.py` made the goldens.
@Suite struct `A checkpoint's chat template` {
  struct Case: Decodable, Sendable, CustomTestStringConvertible {
    /// Nil: of no known kind.
    let kind: String?
    let what: String
    let template: String
    let texts: [String: String]
    var testDescription: String { what }
  }

  private struct Goldens: Decodable {
    let tokens: [String: String]
    let cases: [Case]
  }

  private static let goldens = try? JSONDecoder().decode(
    Goldens.self, from: Data(contentsOf: Fixtures.url("golden/prompts/templates.json")))
  static let cases = goldens?.cases ?? []
  static let known = cases.filter { $0.kind != nil }
  static let unknown = cases.filter { $0.kind == nil }
  static let tokens = goldens?.tokens ?? [:]

  /// The goldens' conversations.
  static let conversations: [String: (turns: [Turn], system: String?)] = [
    "one": ([Turn(question: "What is this?", pictures: 1)], nil),
    "two pictures and turns": (
      [Turn(question: "What are these?", pictures: 2, answer: "Rings"), Turn(question: "Which colour?", pictures: 0)],
      nil
    ),
    "later picture": (
      [Turn(question: "Hello", pictures: 0, answer: "Hello."), Turn(question: "And this?", pictures: 1)], nil
    ),
    "system": ([Turn(question: "What is this?", pictures: 1)], "Be brief."),
  ]

  @Test func `has goldens of every kind`() {
    #expect(Set(Self.known.compactMap(\.kind)) == Set(TemplateCatalogue.names) && Self.unknown.count >= 4)
  }

  @Test(arguments: known)
  func `is recognised, and written as transformers writes it`(_ golden: Case) throws {
    let match = try TemplateRecognition.recognise(golden.template, specialTokens: Self.tokens)
    #expect(match.template.name == golden.kind && match.takesSystem)
    for (title, conversation) in Self.conversations {
      var expected = try #require(golden.texts[title])
      // The start token is the tokenizer's to add.
      if let start = Self.tokens["bos_token"], expected.hasPrefix(start) { expected.removeFirst(start.count) }
      let text = match.template.text(turns: conversation.turns, system: conversation.system, image: "<image>")
      #expect(text == expected, "\(title)")
    }
  }

  @Test(arguments: unknown)
  func `that is of no known kind is not taken for one`(_ golden: Case) {
    #expect(throws: TemplateRecognition.Unknown.self) {
      try TemplateRecognition.recognise(golden.template, specialTokens: Self.tokens)
    }
  }

  @Test(arguments: [
    "{% for m in messages %}", "{{ messages", "{% endif %}", "{{ messages | tojson }}", "{% macro f() %}{% endmacro %}",
    "{{ raise_exception('no') }}", "{% for m in 7 %}{% endfor %}", "{{ missing.member.member }}", "{{ 1 % 0 }}", "{# ",
    "{{ 'a }}",
    "{% for a in messages %}{% for b in messages %}{{ 'x' * 3 }}{% endfor %}{% endfor %}", "", "USER: ",
  ])
  func `that cannot be read here is unknown, with a reason`(_ source: String) {
    do throws(TemplateRecognition.Unknown) {
      _ = try TemplateRecognition.recognise(source, specialTokens: [:])
      Issue.record("it was recognised")
    } catch {
      #expect(!error.reason.isEmpty)
    }
  }

  @Test func `nested without end does not bring the program down`() {
    for source in [
      String(repeating: "(", count: 10_000), String(repeating: "{% if 1 %}", count: 300),
      "{{ " + String(repeating: "[", count: 10_000) + " }}", "{{ " + String(repeating: "not ", count: 10_000) + "1 }}",
    ] {
      #expect(throws: TemplateRecognition.Unknown.self) {
        try TemplateRecognition.recognise(source, specialTokens: [:])
      }
    }
  }

  /// The reason why a template is unknown.
  private func reason(_ source: String) -> String? {
    do throws(TemplateRecognition.Unknown) {
      _ = try TemplateRecognition.recognise(source, specialTokens: [:])
      return nil
    } catch { return error.reason }
  }

  /// A template that would work or nest without end. It is written when its turn comes: a megabyte is no name of a
  /// case.
  struct Endless: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// What the reason says.
    let expected: String
    let source: @Sendable () -> String

    init(_ what: String, _ expected: String, _ source: @escaping @Sendable () -> String) {
      (testDescription, self.expected, self.source) = (what, expected, source)
    }
  }

  @Test(arguments: [
    Endless("conditions in conditions", "deeply") {
      String(repeating: "{% if true %}", count: 60_000) + String(repeating: "{% endif %}", count: 60_000)
    },
    Endless("loops in loops", "deeply") { String(repeating: "{% for a in [1] %}", count: 60_000) },
    Endless("generation blocks", "deeply") { String(repeating: "{% generation %}", count: 60_000) },
    Endless("a long sum", "too long") { "{{ 1" + String(repeating: " + 1", count: 60_000) + " }}" },
    Endless("a long path", "too long") { "{{ a" + String(repeating: ".a", count: 60_000) + " }}" },
    Endless("a list that doubles", "works without end") {
      "{% set l = [1, 2] %}" + String(repeating: "{% set l = l + l %}", count: 34)
    },
    Endless("a text that doubles", "works without end") {
      "{% set l = 'ab' %}" + String(repeating: "{% set l = l + l %}", count: 34)
    },
    Endless("a list of itself twice", "works without end") {
      "{% set l = [1] %}" + String(repeating: "{% set l = [l, l] %}", count: 40)
    },
    Endless("a list of a list", "works without end") {
      "{% set l = [1] %}" + String(repeating: "{% set l = [l] %}", count: 100_000)
    },
    Endless("loops over a text", "works without end") {
      "{% set l = ('ab' * 1) if false else 'abcdefghijklmnopqrstuvwxyz' %}"
        + String(repeating: "{% for a in l %}", count: 8) + String(repeating: "{% endfor %}", count: 8)
    },
  ])
  func `that would work or nest without end is refused, and says so`(_ endless: Endless) {
    let found = reason(endless.source())
    #expect(found?.contains(endless.expected) == true, "\(found ?? "recognised")")
  }

  /// Python's values.
  @Test(arguments: [
    ("5 % 9223372036854775807", "5"), ("-5 % 9223372036854775807", "9223372036854775802"),
    ("5 % -3", "-1"), ("-7 % 3", "2"), ("7 % -1", "0"), ("-9223372036854775807 % -9223372036854775807", "0"),
    ("9223372036854775807 // 1", "9223372036854775807"), ("-7 // 2", "-4"), ("7 // -2", "-4"), ("-8 // 2", "-4"),
    ("7 // -1", "-7"), ("9007199254740993 // 1", "9007199254740993"),
    ("(-9223372036854775807 - 1) % -1", "0"), ("(-9223372036854775807 - 1) // 2", "-4611686018427387904"),
  ])
  func `counts as Python does`(expression: String, value: String) {
    let source = "{% if (\(expression)) == \(value) %}{{ raise_exception('right') }}{% endif %}"
    #expect(reason(source)?.contains("right") == true, "\(reason(source) ?? "recognised")")
  }

  @Test(arguments: [
    "9223372036854775807 + 1", "-9223372036854775807 - 2", "9223372036854775807 * 2",
    "(-9223372036854775807 - 1) // -1",
  ])
  func `with a number that is too large for it is refused, and says so`(expression: String) {
    #expect(reason("{{ \(expression) }}")?.contains("too large") == true)
  }

  static let published = Fixtures.sharedData?.appending(path: "published")

  @Test(
    .enabled(if: published != nil, "needs ../shared/data/published"),
    arguments: [
      ("llava-hf--llava-1.5-7b-hf/chat_template.jinja", "vicuna"),
      ("llava-hf--llava-v1.6-mistral-7b-hf/chat_template.json", "mistral"),
      ("../cases/chatml/chat_template.jinja", "chatml"),
    ])
  func `as it is published is recognised`(file: String, kind: String) throws {
    let bytes = try readFile(try #require(Self.published).appending(path: file).path)
    let source =
      file.hasSuffix(".json")
      ? try #require(JSONValue(parsing: bytes)["chat_template"]?.string) : String(decoding: bytes, as: UTF8.self)
    #expect(try TemplateRecognition.recognise(source, specialTokens: [:]).template.name == kind)
  }

  @Test(.enabled(if: published != nil, "needs ../shared/data/published"))
  func `of Qwen2-VL and Qwen2.5-VL as it is published is recognised, with pictures and videos`() throws {
    let file = try #require(Self.published).appending(
      path: "Qwen--Qwen2-VL-and-2.5-VL-Instruct--chat-template/chat_template.json")
    let source = try #require(JSONValue(parsing: try readFile(file.path))["chat_template"]?.string)
    let placeholders: [PictureKind: String] = [
      .image: "<|vision_start|><|image_pad|><|vision_end|>", .video: "<|vision_start|><|video_pad|><|vision_end|>",
    ]
    let match = try TemplateRecognition.recognise(source, specialTokens: [:], placeholders: placeholders)
    #expect(match.template.name == "qwen" && match.takesSystem)
    let text = match.template.text(turns: [Turn(question: "Where?", pictures: [.image, .video])], system: nil) {
      placeholders[$0] ?? ""
    }
    #expect(
      text == "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n<|im_start|>user\n"
        + "<|vision_start|><|image_pad|><|vision_end|><|vision_start|><|video_pad|><|vision_end|>Where?<|im_end|>\n"
        + "<|im_start|>assistant\n")
    #expect(throws: TemplateRecognition.Unknown.self) {
      try TemplateRecognition.recognise(source, specialTokens: [:])
    }
  }
}
