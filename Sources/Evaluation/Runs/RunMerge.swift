import Foundation

/// Joins the finished shards of one command into the run that the command would have made without `--shard`.
public struct RunMerge: Sendable {
  private struct Part {
    let folder: String
    let manifest: RunManifest
    let shard: Shard
  }

  /// The manifest of the merged run.
  public let manifest: RunManifest
  private let parts: [Part]

  /// Checks the shards, which may be in any order.
  /// - Throws: `.notARun`, or `.unmergeable`, naming what is missing, duplicated or different.
  public init(folders: [String]) throws(EvaluationError) {
    var parts: [Part] = []
    for folder in folders {
      let manifest = try RunManifest.read(folder: folder)
      guard let text = manifest.shard else { throw .unmergeable("\(folder) is a whole run, no shard of one") }
      guard let shard = Shard(parsing: text) else {
        throw .unmergeable("the manifest of \(folder) says shard \(text), expected a part of 1 to \(Shard.mostParts)")
      }
      if let twin = parts.first(where: { $0.shard.number == shard.number && $0.shard.count == shard.count }) {
        throw .unmergeable("shard \(shard) is given twice: \(twin.folder) and \(folder)")
      }
      if let first = parts.first {
        guard first.shard.count == shard.count else {
          throw .unmergeable("\(first.folder) is shard \(first.shard), but \(folder) is shard \(shard)")
        }
        if let difference = first.manifest.difference(from: manifest, ignoring: ["shard", "count"]) {
          throw .unmergeable(
            "\(first.folder) and \(folder) differ in \(difference.field): \(difference.ours), \(difference.theirs)")
        }
      }
      parts.append(Part(folder: folder, manifest: manifest, shard: shard))
    }
    guard let first = parts.first else { throw .unmergeable("there is no shard to merge") }
    try Self.checkNoneIsMissing(of: first.shard.count, given: Set(parts.map(\.shard.number)))
    self.parts = parts.sorted { $0.shard.number < $1.shard.number }
    var merged = first.manifest
    merged.shard = nil
    merged.questions.count = parts.reduce(0) { $0 + $1.manifest.questions.count }
    manifest = merged
  }

  /// - Parameter given: the numbers of the shards that are there, each at most `count`.
  private static func checkNoneIsMissing(of count: Int, given: Set<Int>) throws(EvaluationError) {
    guard given.count < count else { return }
    // Only as many as are named are looked for: a damaged manifest may say any count.
    let names = (1...count).lazy.filter { !given.contains($0) }.prefix(8).map { "\($0)/\(count)" }
    let missing = count - given.count
    throw .unmergeable(
      "missing shard\(missing == 1 ? "" : "s"): \(names.joined(separator: ", "))\(missing > 8 ? ", …" : "")")
  }

  /// Writes the merged run with its table: all of it, or nothing.
  /// - Parameter isCancelled: asked between lines.
  /// - Returns: false where it was cancelled.
  /// - Throws: `.unmergeable` where a shard is not finished, `.occupied` where the folder is not empty.
  public func write(to folder: String, isCancelled: () -> Bool = { false }) throws(EvaluationError) -> Bool {
    let names = try? FileManager.default.contentsOfDirectory(atPath: folder)
    if let names, names.contains("manifest.json") { throw .occupied(folder: folder, by: "a run already") }
    if let names, !names.isEmpty { throw .occupied(folder: folder, by: "other files") }
    if names == nil, FileManager.default.fileExists(atPath: folder) {
      throw .notARun(folder: folder, reason: "it is a file")
    }
    try checkRows()
    // Made beside its place and renamed, so that a merge that fails leaves nothing. One that was killed leaves its
    // draft, and its number may come again.
    let draft = "\(folder.hasSuffix("/") ? String(folder.dropLast()) : folder).merging-\(getpid())"
    try? FileManager.default.removeItem(atPath: draft)
    defer { try? FileManager.default.removeItem(atPath: draft) }
    do { try FileManager.default.createDirectory(atPath: draft, withIntermediateDirectories: true) } catch {
      throw .unwritable(file: folder, reason: "\(error.localizedDescription)")
    }
    guard try writeRows(to: draft, isCancelled: isCancelled) else { return false }
    if names != nil { rmdir(folder) }
    guard rename(draft, folder) == 0 else { throw WholeFile.failure(folder) }
    return true
  }

  private func checkRows() throws(EvaluationError) {
    for part in parts {
      var count = 0
      let file = "\(part.folder)/rows.jsonl"
      // A shard without questions may have no log.
      if part.manifest.rowCount == 0 { continue }
      try LineLog.forEach(in: file) { (line, number) throws(EvaluationError) in
        _ = try RunRow(parsing: line, file: file, line: number)
        count += 1
      }
      guard count == part.manifest.rowCount else {
        throw .unmergeable(
          "shard \(part.shard) in \(part.folder) is not finished: \(count) of \(part.manifest.rowCount) rows")
      }
    }
  }

  /// Writes rows, manifest and, where the rows are graded, `results.csv`.
  /// - Returns: false where it was cancelled.
  private func writeRows(to folder: String, isCancelled: () -> Bool) throws(EvaluationError) -> Bool {
    let log = try LineLog(path: "\(folder)/rows.jsonl") { _, _ in }
    var builder = GradedRunBuilder(file: "the merged run", expecting: manifest.questions.count)
    var isGraded = true
    var count = 0
    for part in parts where part.manifest.rowCount > 0 {
      let file = "\(part.folder)/rows.jsonl"
      try LineLog.forEach(in: file) { (line, number) throws(EvaluationError) in
        if isCancelled() { return }
        try log.append(Data(line) + Data([0x0A]))
        count += 1
        let row = try RunRow(parsing: line, file: file, line: number)
        isGraded = isGraded && (row.correct != nil || row.error != nil)
        if isGraded { try builder.add(row, line: count) }
      }
    }
    if isCancelled() { return false }
    if isGraded, count > 0 {
      try RunFolder.write(results: try StatisticsReport(try builder.run(), file: folder).csv(), folder: folder)
    }
    let bytes: Data
    do { bytes = try manifest.data() } catch { throw .unwritable(file: folder, reason: "\(error)") }
    try WholeFile.write(bytes, to: "\(folder)/manifest.json")
    return !isCancelled()
  }
}
