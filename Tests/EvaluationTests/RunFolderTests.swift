import Foundation
import TestSupport
import Testing

@testable import Evaluation

@Suite struct `The folder of a run` {
  private static let questions: [Question.Identifier] = [.number(1), .number(2)]

  private static let manifest = RunManifest(
    version: "0.1.0", commit: "unknown", model: RunManifest.Model(name: "m", family: "llava", digest: "d"),
    precision: "f32", backend: "native",
    questions: RunManifest.Questions(file: "q.jsonl", digest: "e", count: 2, limit: nil), images: "images",
    settings: [RunManifest.Setting(strategy: "none", keep: "all")], seed: 0, metric: "exact", positions: "family",
    packing: "spatial", maxNewTokens: 4, maxPixels: 100)

  private func row(_ question: Int, error: String? = nil) -> RunRow {
    RunRow(
      question: .number(question), image: "a.png", strategy: "none", keep: "all", answer: error == nil ? "x" : nil,
      correct: error == nil ? 1 : 0, error: error)
  }

  private func open(_ path: String, retriesFailures: Bool = false) throws -> RunFolder {
    try RunFolder(
      path: path, manifest: Self.manifest, questions: Self.questions, retriesFailures: retriesFailures)
  }

  private func names(_ path: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: path).sorted()
  }

  /// What a process leaves that is killed while it writes a new run's manifest.
  @Test(arguments: ["", "{\"backend\": \"nat"])
  func `of a process that died while it wrote the manifest is begun again`(draft: String) throws {
    try withTemporaryFolder { path in
      try writeFile([], to: "\(path)/rows.jsonl")
      try writeFile(Array(draft.utf8), to: "\(path)/manifest.json.part")
      let folder = try open(path)
      #expect(try names(path) == ["manifest.json", "rows.jsonl"])
      #expect(try RunManifest.read(folder: path) == Self.manifest && folder.doneCount == 0)
    }
  }

  @Test func `with a draft beside anything else is nobody's run`() throws {
    try withTemporaryFolder { path in
      try writeFile([], to: "\(path)/manifest.json.part")
      #expect(throws: EvaluationError.self) { try open(path) }
      try writeFile(Array("{}\n".utf8), to: "\(path)/rows.jsonl")
      #expect(throws: EvaluationError.self) { try open(path) }
      #expect(try names(path) == ["manifest.json.part", "rows.jsonl"])
      #expect(try readFile("\(path)/rows.jsonl") == Array("{}\n".utf8))
    }
  }

  @Test func `keeps failed rows, and forgets them where they are to be tried again`() throws {
    try withTemporaryFolder { path in
      let run = "\(path)/run"
      do {
        let folder = try open(run)
        try folder.append(row(1, error: "it is damaged"))
        try folder.append(row(2))
        try folder.write(results: "table\r\n")
      }
      do {
        let folder = try open(run)
        #expect(folder.isFinished && folder.failedCount == 1 && folder.has(question: 0, setting: 0))
      }
      let folder = try open(run, retriesFailures: true)
      #expect(folder.doneCount == 1 && folder.failedCount == 0)
      #expect(!folder.has(question: 0, setting: 0) && folder.has(question: 1, setting: 0))
      // The table was made of them.
      #expect(try names(run) == ["manifest.json", "rows.jsonl"])
      // The new log has the lock of the old one.
      #expect { try open(run) } throws: { ($0 as? EvaluationError)?.message.contains("another process") == true }
      try folder.append(row(1))
      let lines = try readFile("\(run)/rows.jsonl").split(separator: 0x0A).map { Array($0) + [0x0A] }
      #expect(lines == [[UInt8](try row(2).line()), [UInt8](try row(1).line())])
    }
  }

  @Test func `gets a new log in one step where lines are taken out`() throws {
    try withTemporaryFolder { path in
      let file = "\(path)/log"
      try writeFile(Array("1\n2\n".utf8), to: file)
      let log = try LineLog(path: file) { _, _ in }
      try log.remove { (line, _) throws(EvaluationError) in line.elementsEqual("1".utf8) }
      try log.append(Data("3\n".utf8))
      #expect(try readFile(file) == Array("2\n3\n".utf8))
      #expect(try names(path) == ["log"])
    }
  }

  @Test func `of a link keeps the link where lines are taken out`() throws {
    try withTemporaryFolder { path in
      try writeFile(Array("1\n2\n".utf8), to: "\(path)/file")
      try FileManager.default.createSymbolicLink(atPath: "\(path)/link", withDestinationPath: "file")
      let log = try LineLog(path: "\(path)/link") { _, _ in }
      try log.remove { (line, _) throws(EvaluationError) in line.elementsEqual("2".utf8) }
      #expect(try readFile("\(path)/file") == Array("1\n".utf8))
      #expect(try FileManager.default.destinationOfSymbolicLink(atPath: "\(path)/link") == "file")
    }
  }

  @Test func `a file that cannot be written leaves the old one and no draft`() throws {
    try withTemporaryFolder { path in
      let file = "\(path)/results.csv"
      try FileManager.default.createDirectory(atPath: file, withIntermediateDirectories: false)
      #expect(throws: EvaluationError.self) { try WholeFile.write(Data("x".utf8), to: file) }
      #expect(try names(path) == ["results.csv"])
    }
  }
}

@Suite struct `Merging shards` {
  private func shard(_ number: Int, at path: String) throws {
    let manifest = RunManifest(
      version: "0.1.0", commit: "unknown", model: RunManifest.Model(name: "m", family: "llava", digest: "d"),
      precision: "f32", backend: "native",
      questions: RunManifest.Questions(file: "q.jsonl", digest: "e", count: 1, limit: nil), images: "images",
      settings: [RunManifest.Setting(strategy: "none", keep: "all")], seed: 0, metric: "exact", positions: "family",
      packing: "spatial", maxNewTokens: 4, maxPixels: 100, shard: "\(number)/2")
    let folder = try RunFolder(path: path, manifest: manifest, questions: [.number(number)])
    try folder.append(
      RunRow(question: .number(number), image: "a.png", strategy: "none", keep: "all", answer: "x", correct: 1))
  }

  @Test func `that is stopped leaves nothing, and one that is not leaves a whole run`() throws {
    try withTemporaryFolder { path in
      for number in 1...2 { try shard(number, at: "\(path)/\(number)") }
      let merge = try RunMerge(folders: ["\(path)/2", "\(path)/1"])
      for lines in 0...1 {
        var asked = 0
        let isWhole = try merge.write(to: "\(path)/run") {
          asked += 1
          return asked > lines
        }
        #expect(!isWhole)
        #expect(try FileManager.default.contentsOfDirectory(atPath: path).sorted() == ["1", "2"])
      }
      #expect(try merge.write(to: "\(path)/run"))
      let names = try FileManager.default.contentsOfDirectory(atPath: "\(path)/run").sorted()
      #expect(names == ["manifest.json", "results.csv", "rows.jsonl"])
      #expect(try FileManager.default.contentsOfDirectory(atPath: path).sorted() == ["1", "2", "run"])
    }
  }

  /// A count that no list of its parts fits into memory.
  @Test(arguments: ["1/9223372036854775807", "1/65537"])
  func `of an impossible count is refused at once`(text: String) throws {
    try withTemporaryFolder { path in
      try shard(1, at: "\(path)/1")
      let file = "\(path)/1/manifest.json"
      let manifest = String(decoding: try readFile(file), as: UTF8.self).replacing("\"1/2\"", with: "\"\(text)\"")
      try writeFile(Array(manifest.utf8), to: file)
      let error = #expect(throws: EvaluationError.self) { try RunMerge(folders: ["\(path)/1"]) }
      #expect(error?.message.contains("shard \(text)") == true)
    }
  }

  @Test func `of which most are missing names the first eight`() throws {
    try withTemporaryFolder { path in
      try shard(1, at: "\(path)/1")
      let file = "\(path)/1/manifest.json"
      let manifest = String(decoding: try readFile(file), as: UTF8.self).replacing("\"1/2\"", with: "\"1/65536\"")
      try writeFile(Array(manifest.utf8), to: file)
      let error = #expect(throws: EvaluationError.self) { try RunMerge(folders: ["\(path)/1"]) }
      let names = (2...9).map { "\($0)/65536" }.joined(separator: ", ")
      #expect(error?.message == "missing shards: \(names), …")
    }
  }

  @Test func `into a folder that holds a run says so`() throws {
    try withTemporaryFolder { path in
      for number in 1...2 { try shard(number, at: "\(path)/\(number)") }
      let merge = try RunMerge(folders: ["\(path)/1", "\(path)/2"])
      #expect(try merge.write(to: "\(path)/run"))
      let error = #expect(throws: EvaluationError.self) { try merge.write(to: "\(path)/run") }
      #expect(error?.message == "\(path)/run holds a run already")
      #expect(error?.hint.contains("empty folder") == true)
    }
  }
}
