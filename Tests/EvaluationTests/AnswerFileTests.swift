import Foundation
import TestSupport
import Testing

@testable import Evaluation

@Suite struct `A file of answers` {
  private static let manifest = RunManifest(
    version: "0.1.0", commit: "unknown", model: RunManifest.Model(name: "m", family: "llava", digest: "d"),
    precision: "f32", backend: "native",
    questions: RunManifest.Questions(file: "q.jsonl", digest: "e", count: 3, limit: nil), images: "images",
    settings: [RunManifest.Setting(strategy: "none", keep: "all")], seed: 0, metric: "exact", positions: "family",
    packing: "spatial", maxNewTokens: 4, maxPixels: 100)

  private static let questions = (1...3).map {
    Question(identifier: .number($0), image: "a.png", text: "Question \($0)?", answers: ["x"])
  }

  private func open(_ path: String, retriesFailures: Bool = false) throws -> AnswerFile {
    try AnswerFile(
      path: path, manifest: Self.manifest, questions: Self.questions, retriesFailures: retriesFailures
    ) { _, _ in }
  }

  private func line(_ question: Int) -> AnswerLine {
    AnswerLine(Self.questions[question - 1], failure: "error \(question)", strategy: "none", model: "m")
  }

  private func lines(_ path: String) throws -> [String] {
    String(decoding: try readFile(path), as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
      .map(String.init)
  }

  /// Writes the head and answers 1 and 3, with a blank line at `place`.
  private func writeBroken(_ path: String, blankAt place: Int) throws {
    do {
      let file = try open(path)
      for question in [1, 3] { try file.append(line(question)) }
    }
    var all = try lines(path)
    all.insert("", at: place)
    try writeFile(Array(all.joined(separator: "\n").utf8), to: path)
  }

  @Test(arguments: 0...2)
  func `with a blank line is gone on with, and sorted when it is whole`(place: Int) throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/answers.jsonl"
      try writeBroken(path, blankAt: place)
      let file = try open(path)
      #expect(file.doneCount == 2 && !file.has(question: 1))
      try file.append(line(2))
      try file.finish()
      let sorted = try lines(path)
      #expect(sorted.count == 5 && sorted[0].contains(AnswerFile.schema) && sorted[4].isEmpty)
      let answered = try sorted[1...3].map { try JSONDecoder().decode(AnswerLine.self, from: Data($0.utf8)).question }
      #expect(answered == [.number(1), .number(2), .number(3)])
    }
  }

  @Test(arguments: 0...2)
  func `with a blank line keeps its head where failures are tried again`(place: Int) throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/answers.jsonl"
      try writeBroken(path, blankAt: place)
      #expect(try open(path, retriesFailures: true).doneCount == 0)
      let left = try lines(path)
      #expect(left.count == 2 && left[0].contains(AnswerFile.schema))
    }
  }
}
