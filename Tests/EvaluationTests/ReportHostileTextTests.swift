import Foundation
import TestSupport
import Testing

@testable import Evaluation

/// Whatever stands in a question file or comes out of a model is data in each of a report's files.
@Suite struct `Hostile text in a report` {
  static let texts = [
    "\"quoted\" and 'single', a comma", "line\r\nbreak\nand\u{2028}separator", "</script><script>alert(1)</script>",
    "</title></style></svg><svg onload=x>", "<!-- <![CDATA[ ]]> -->", "&amp; &lt; &#60;", "a | b || c |",
    "`code` **b** _i_",
    "[link](javascript:alert(1)) <http://x> www.example.com", "# heading", "=HYPERLINK(\"http://x\")", "+1+1", "-1",
    "@SUM(A1)",
    "\t=1", "\u{0}\u{1}\u{7}\u{8}\u{B}\u{1B}[31m\u{7F}\u{9B}", "\u{202E}drow\u{202C} \u{2066}x\u{2069}\u{200F}",
    "\u{FEFF}mark \u{FFFE}\u{FFFF}", "e" + String(repeating: "\u{301}", count: 20_000),
    String(repeating: "long <b> ", count: 20_000), "\"\u{301}, <\u{301}b> \\\u{301}| www.\u{301}x.com",
    "👩‍👩‍👧 مرحبا", " ",
  ]

  /// Two questions under three settings; the text is id, category, image, answer, question and right answer.
  private func contents(_ text: String) throws -> RunContents {
    let settings = [("none", "all"), (text, "9"), ("random", "9")]
    var rows = Data()
    for question in [text, "2"] {
      for (strategy, keep) in settings {
        rows += try RunRow(
          question: .name(question), image: text, category: text, strategy: strategy, keep: keep, kept: 9,
          visualTokens: 25, answer: text, correct: question == "2" ? 1 : 0, error: strategy == "random" ? text : nil,
          times: ["encode_ms": 3, "prefill_ms": 2]
        ).line()
      }
    }
    let manifest = RunManifest(
      version: "0.1.0", commit: "unknown", model: RunManifest.Model(name: text, family: "llava", digest: "d"),
      precision: "f32", backend: "native",
      questions: RunManifest.Questions(file: text, digest: "e", count: 2, limit: nil), images: text,
      settings: settings.map { RunManifest.Setting(strategy: $0.0, keep: $0.1) }, seed: 0, metric: "exact",
      positions: "family", packing: "spatial", template: text, system: text, maxNewTokens: 4, maxPixels: 100)
    var contents = try RunContents(
      try RunDescription([UInt8](try manifest.data()), file: "manifest.json"), rows: [UInt8](rows), file: "rows.jsonl",
      options: StatisticsOptions(replicates: 50))
    #expect(contents.isFinished && !contents.samples.isEmpty)
    for index in contents.samples.indices {
      contents.samples[index].text = text
      contents.samples[index].answers = [text, text]
      contents.samples[index].pictures = [
        SampledQuestion.PatchPicture(setting: 1, png: [1], width: 1, height: 1, kept: 9, visualTokens: 25)
      ]
    }
    return contents
  }

  private func files(_ text: String) throws -> [String: String] {
    Dictionary(
      uniqueKeysWithValues: Report(try contents(text), missingPictures: text).files.map {
        ($0.name, String(decoding: $0.bytes, as: UTF8.self))
      })
  }

  /// Neither control characters but tab and ends of lines, nor marks that turn the direction of writing.
  private func expectPlain(_ text: String, _ name: String) {
    let bad = text.unicodeScalars.first {
      let isControl = $0.properties.generalCategory == .control && !["\n", "\r", "\t"].contains($0)
      return isControl || $0.properties.isBidiControl || $0.properties.isNoncharacterCodePoint
    }
    #expect(bad == nil, "\(name) holds U+\(String(bad?.value ?? 0, radix: 16))")
  }

  @Test(arguments: texts)
  func `is no markup of the page, which stays small`(text: String) throws {
    let page = try #require(try files(text)["report.html"])
    PageMarkup.check(page)
    expectPlain(page, "report.html")
    #expect(page.utf8.count < 1_000_000)
  }

  @Test(arguments: texts)
  func `is no markup of the charts`(text: String) throws {
    let files = try files(text)
    for name in ["retention.svg", "time.svg"] {
      let chart = try #require(files[name])
      let elements = PageMarkup.elements(chart)
      PageMarkup.expectBalanced(elements)
      #expect(chart.count { $0 == "<" } == elements.count && !elements.isEmpty, "\(name)")
      #expect(!elements.contains { $0.name == "script" || $0.attributes.keys.contains { $0.hasPrefix("on") } })
      expectPlain(chart, name)
    }
  }

  @Test(arguments: texts)
  func `neither opens a column of a Markdown table nor starts a line of its own`(text: String) throws {
    let markdown = try #require(try files(text)["summary.md"])
    expectPlain(markdown, "summary.md")
    #expect(!markdown.contains("<") && !markdown.contains("www."))
    let lines = markdown.split(separator: "\n")
    #expect(lines.allSatisfy { ["# What", "- ", "| ", "|-", "With images"].contains(where: $0.hasPrefix) })
    let bars = lines.filter { $0.hasPrefix("|") }.map { line in
      line.replacing("\\\\", with: "").replacing("\\|", with: "").count { $0 == "|" }
    }
    // Two tables, of twelve columns and of five, with a head, a rule and three settings each.
    #expect(bars == Array(repeating: 13, count: 5) + Array(repeating: 6, count: 5))
  }

  @Test(arguments: texts)
  func `comes back out of a reader of CSV as it was, formulas with an apostrophe`(text: String) throws {
    let csv = try #require(try files(text)["results.csv"])
    let records = try records(of: csv)
    #expect(Set(records.map(\.count)).count == 1 && records.count == 1 + 3 * 2)
    let isFormula = text.unicodeScalars.first.map { "=+-@\t\r".unicodeScalars.contains($0) } ?? false
    let shown = isFormula ? "'\(text)" : text
    let names = records.dropFirst().map { Array($0[0].unicodeScalars) }
    #expect(names.contains(Array(shown.unicodeScalars)))
    #expect(records.dropFirst().contains { Array($0[2].unicodeScalars) == Array(shown.unicodeScalars) })
  }

  /// RFC 4180, read by its grammar.
  private func records(of csv: String) throws -> [[String]] {
    var records: [[String]] = []
    var record: [String] = []
    var field = String.UnicodeScalarView()
    var isQuoted = false
    let scalars = Array(csv.unicodeScalars)
    var index = 0
    while index < scalars.count {
      let scalar = scalars[index]
      let next = index + 1 < scalars.count ? scalars[index + 1] : nil
      index += 1
      switch scalar {
      case "\"" where isQuoted && next == "\"":
        field.append(scalar)
        index += 1
      case "\"": isQuoted.toggle()
      case _ where isQuoted: field.append(scalar)
      case ",":
        record.append(String(field))
        field = String.UnicodeScalarView()
      case "\r" where next == "\n":
        records.append(record + [String(field)])
        (record, field) = ([], String.UnicodeScalarView())
        index += 1
      default: field.append(scalar)
      }
    }
    #expect(!isQuoted && record.isEmpty && field.isEmpty)
    return records
  }
}
