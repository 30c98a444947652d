import Foundation
import TestSupport
import Testing

@testable import Evaluation

@Suite
struct `The page of a report` {
  private static let hostile = "</td></svg><script>alert(1)</script><img src=x onerror=y>\"' & =1 \u{202E}\u{1}|"

  private func contents(dropping: Int = 0, hostile: Bool = false) throws -> RunContents {
    let folder = Fixtures.url("evaluation/run")
    var rows = try String(contentsOf: folder.appending(path: "rows.jsonl"), encoding: .utf8)
    var manifest = try String(contentsOf: folder.appending(path: "manifest.json"), encoding: .utf8)
    if hostile {
      let escaped = String(decoding: try JSONEncoder().encode(Self.hostile), as: UTF8.self).dropFirst().dropLast()
      for word in ["fastervlm", "quadrant", "nothing", "0001.png"] { rows.replace(word, with: escaped) }
      for word in ["fastervlm", "shapes-llava", "exact"] { manifest.replace(word, with: escaped) }
    }
    if dropping > 0 { rows = rows.split(separator: "\n").dropLast(dropping).joined(separator: "\n") + "\n{\"question" }
    return try RunContents(
      try RunDescription(Array(manifest.utf8), file: "manifest.json"), rows: Array(rows.utf8), file: "rows.jsonl",
      options: StatisticsOptions(replicates: 200))
  }

  private func files(_ contents: RunContents) -> [String: String] {
    Dictionary(
      uniqueKeysWithValues: Report(contents, missingPictures: "no model").files.map {
        ($0.name, String(decoding: $0.bytes, as: UTF8.self))
      })
  }

  @Test
  func `is well formed, names its pictures and needs no network`() throws {
    var contents = try contents()
    contents.samples[0].pictures = [
      SampledQuestion.PatchPicture(setting: 1, png: [1, 2, 3], width: 2, height: 1, kept: 3, visualTokens: 9)
    ]
    let page = try #require(files(contents)["report.html"])
    PageMarkup.check(page)
    #expect(page.contains("data:image/png;base64,AQID") && page.contains("kept 3 of 9"))
  }

  @Test
  func `has every figure of the results with its interval and n`() throws {
    let contents = try contents()
    let page = try #require(files(contents)["report.html"])
    for row in contents.statistics.rows {
      let figures = row.overall
      let interval =
        "\(Figure.percent(figures.retained)) <span class=\"interval\">(\(Figure.percent(figures.retainedInterval)))"
      #expect(page.contains(interval))
    }
    #expect(page.contains("<th scope=\"col\">n</th>") && page.contains("<th scope=\"row\"><bdi>none</bdi></th>"))
    #expect(page.contains("Retained, over images"))
    for strategy in ["fastervlm", "hiprune", "random", "uniform"] {
      #expect(page.contains(try Regex("<text class=\"name c[0-7]\"[^>]*>\(strategy)</text>")))
    }
  }

  @Test
  func `texts of a run are never markup`() throws {
    let contents = try contents(hostile: true)
    let files = files(contents)
    PageMarkup.check(try #require(files["report.html"]))
    for name in ["report.html", "retention.svg", "time.svg", "summary.md"] {
      let text = try #require(files[name])
      #expect(!text.contains("<script") && !text.contains("<img src=x") && !text.contains("\u{202E}"), "\(name)")
    }
    for name in ["retention.svg", "time.svg"] {
      let chart = try #require(files[name])
      let elements = PageMarkup.elements(chart)
      PageMarkup.expectBalanced(elements)
      #expect(chart.count { $0 == "<" } == elements.count, "\(name)")
    }
    let quoted = Self.hostile.replacing("\"", with: "\"\"")
    #expect(try #require(files["results.csv"]).contains("\"\(quoted)\"") == true)
  }

  @Test
  func `says how many rows of an unfinished run are there, and makes no results`() throws {
    let contents = try contents(dropping: 5)
    let files = files(contents)
    #expect(contents.rowCount == 48 * 13 - 5 && contents.statistics.n == 47)
    #expect(files["report.html"]?.contains("not finished: 619 of 624 rows are there") == true)
    #expect(files["summary.md"]?.contains("619 of 624") == true)
    #expect(files["results.csv"] == nil)
    #expect(try self.files(self.contents())["report.html"]?.contains("not finished") == false)
  }

  @Test
  func `is the same each time`() throws {
    #expect(try files(contents()) == files(contents()))
  }

  @Test
  func `pictures that would make it too large are left out, and it says so`() throws {
    var contents = try contents()
    for index in contents.samples.indices {
      contents.samples[index].pictures = [
        SampledQuestion.PatchPicture(
          setting: 1, png: [UInt8](repeating: 7, count: 1_200_000), width: 2, height: 1, kept: 3, visualTokens: 9)
      ]
    }
    let report = Report(contents, missingPictures: nil)
    let page = String(decoding: try #require(report.files.last).bytes, as: UTF8.self)
    #expect(page.utf8.count < 5_000_000 && page.contains("too large"))
    #expect(page.matches(of: #/<img /#).count == 2)
  }

  @Test
  func `a table names how many tests Holm's correction is over`() throws {
    let statistics = try contents().statistics
    let (none, random) = (
      statistics.rows.count { $0.strategy != "none" && $0.overall.pNone != nil },
      statistics.rows.count { $0.overall.pRandom != nil }
    )
    #expect(none > random && random > 0)
    #expect(statistics.cells[0].filter { $0.hasPrefix("Holm") } == ["Holm of \(none)", "Holm of \(random)"])
    let page = try #require(files(contents())["report.html"])
    #expect(page.contains("Holm of \(none)") && page.contains("Holm of \(random)"))
  }

  @Test
  func `results.csv has a row a setting and category, with every digit`() throws {
    let csv = try #require(files(contents())["results.csv"])
    let lines = csv.split(separator: "\r\n").map { $0.split(separator: ",", omittingEmptySubsequences: false) }
    #expect(
      lines[0].joined(separator: ",") == "strategy,keep,category,n,visual_tokens,kept,keep_ratio,accuracy,accuracy_low,"
        + "accuracy_high,retained,retained_low,retained_high,p_none,p_random,decode_ms,encode_ms,prefill_ms,project_ms,"
        + "prune_ms,first_token_ms")
    #expect(lines[1].last?.isEmpty == false && lines[2][2] != "" && lines[2].last == "")
    #expect(csv.hasSuffix("\r\n"))
    let none = try #require(lines.first { $0[0] == "none" && $0[2].isEmpty })
    #expect(none[1] == "all" && none[3] == "48" && none[4] == "576" && none[5] == "576" && none[6] == "1")
    #expect(none[10] == "1" && none[14].isEmpty)
    let categories = Set(lines.dropFirst().map { String($0[2]) })
    #expect(categories.contains("quadrant") && categories.count > 3)
    let accuracy = try #require(Double(none[7]))
    #expect(accuracy * 48 == (accuracy * 48).rounded())
  }
}
