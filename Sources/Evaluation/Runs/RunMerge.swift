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
      guard let text = manifest.shard, let shard = Shard(parsing: text) else {
        throw .unmergeable("\(folder) is a whole run, no shard of one")
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
    let given = Set(parts.map(\.shard.number))
    let missing = (1...first.shard.count).filter { !given.contains($0) }
    guard missing.isEmpty else {
      let names = missing.prefix(8).map { "\($0)/\(first.shard.count)" }.joined(separator: ", ")
      throw .unmergeable("missing shard\(missing.count == 1 ? "" : "s"): \(names)\(missing.count > 8 ? ", …" : "")")
    }
    self.parts = parts.sorted { $0.shard.number < $1.shard.number }
    var merged = first.manifest
    merged.shard = nil
    merged.questions.count = parts.reduce(0) { $0 + $1.manifest.questions.count }
    manifest = merged
  }

  /// Writes the merged run as a whole, or nothing.
  /// - Throws: `.unmergeable` if a shard is not finished, `.notARun` if the folder is not empty.
  public func write(to folder: String) throws(EvaluationError) {
    let names = try? FileManager.default.contentsOfDirectory(atPath: folder)
    if let names, !names.isEmpty { throw .notARun(folder: folder, reason: "it is not empty") }
    if names == nil, FileManager.default.fileExists(atPath: folder) {
      throw .notARun(folder: folder, reason: "it is a file")
    }
    try checkRows()
    // Written next to the destination and then renamed, so that a merge that fails leaves nothing behind.
    let draft = "\(folder.hasSuffix("/") ? String(folder.dropLast()) : folder).merging-\(getpid())"
    do {
      try FileManager.default.createDirectory(atPath: draft, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(atPath: draft) }
      try writeRows(to: "\(draft)/rows.jsonl")
      try RunFolder.write(try manifest.data(), to: "\(draft)/manifest.json")
      if names != nil { rmdir(folder) }
      guard rename(draft, folder) == 0 else {
        throw EvaluationError.unwritable(file: folder, reason: String(cString: strerror(errno)))
      }
    } catch let error as EvaluationError {
      throw error
    } catch {
      throw .unwritable(file: folder, reason: "\(error.localizedDescription)")
    }
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

  private func writeRows(to path: String) throws(EvaluationError) {
    let log = try LineLog(path: path) { _, _ in }
    for part in parts where part.manifest.rowCount > 0 {
      try LineLog.forEach(in: "\(part.folder)/rows.jsonl") { (line, _) throws(EvaluationError) in
        try log.append(Data(line) + Data([0x0A]))
      }
    }
  }
}
