import ArgumentParser
import Evaluation
import Foundation

/// Collects a sweep's rows for its table, and keeps those of a run that has a folder.
struct RowCollector {
  private let folder: RunFolder?
  private let questionCount: Int
  private var builder: GradedRunBuilder
  private(set) var failed = 0
  /// The first question that failed, with its error.
  private(set) var firstFailure: String?
  private var line = 0

  /// - Parameter questions: how many the sweep has.
  init(folder: RunFolder?, questions: Int) {
    self.folder = folder
    questionCount = questions
    builder = GradedRunBuilder(file: "the sweep", expecting: questions)
  }

  mutating func append(_ row: RunRow) throws {
    if let folder {
      try folder.append(row)
    } else {
      try add(row)
    }
  }

  private mutating func add(_ row: RunRow) throws(EvaluationError) {
    line += 1
    failed += row.error == nil ? 0 : 1
    if let error = row.error, firstFailure == nil { firstFailure = "question \(row.question): \(error)" }
    try builder.add(row, line: line)
  }

  /// The figures of all rows, or of the questions that have a row under every setting; nil where none has.
  mutating func statistics(seed: UInt64, isPartial: Bool) throws -> StatisticsReport? {
    if let folder {
      // The rows of earlier processes too.
      builder = GradedRunBuilder(file: folder.path, expecting: questionCount)
      (failed, line, firstFailure) = (0, 0, nil)
      try folder.forEachRow { (row) throws(EvaluationError) in try add(row) }
    }
    guard line > 0 else { return nil }
    let name = folder?.path ?? "the sweep"
    do throws(EvaluationError) {
      return try StatisticsReport(
        try builder.run(isPartial: isPartial), options: StatisticsOptions(seed: seed), file: name)
    } catch {
      // The first questions may lack settings still.
      if isPartial, error.isOfMissingRows { return nil }
      throw error
    }
  }
}

/// How a table of figures is written.
enum TableFormat: String, ExpressibleByArgument, CaseIterable {
  case table, markdown, csv, json
}

/// Prints a sweep's table.
struct SweepTable {
  let format: TableFormat
  let manifest: RunManifest
  /// Whether all rows are there.
  let isWhole: Bool
  let envelope: Envelope

  /// Prints the table of the rows so far, and completes the run's folder.
  func show(_ rows: inout RowCollector, _ folder: RunFolder?) throws {
    let statistics = try rows.statistics(seed: 0, isPartial: !isWhole)
    if !isWhole {
      StandardError.write(
        "stopped early: the table is of the \(statistics?.n ?? 0) questions that have an answer under every setting\n")
    }
    if rows.failed > 0 {
      let retry = folder == nil ? "" : "; --retry-failed tries them again"
      StandardError.write("warning: \(rows.failed) answers failed and count as wrong\(retry)\n")
      if let first = rows.firstFailure {
        let line = first.split(whereSeparator: \.isNewline).joined(separator: " ")
        StandardError.write("warning: the first to fail was \(line)\n")
      }
    }
    if isWhole, let statistics { try folder?.write(results: statistics.csv()) }
    guard let statistics else {
      if format == .json { try show(json: nil, failed: rows.failed) }
      return
    }
    switch format {
    case .json: try show(json: statistics, failed: rows.failed)
    case .csv: try StandardOutput.write(statistics.csv())
    case .markdown: try StandardOutput.write(statistics.markdown())
    case .table: try StandardOutput.write((isWhole ? "" : "partial\n") + statistics.table())
    }
  }
}

extension SweepTable {
  /// Prints the object of `--json`.
  /// - Parameter statistics: nil where there is no figure.
  func show(json statistics: StatisticsReport?, failed: Int) throws {
    try StandardOutput.write(
      json: SweepReport(statistics: statistics, manifest: manifest, failed: failed, partial: !isWhole),
      envelope: envelope)
  }
}

/// `sweep --json`: the figures of `statistics --json`, and what they were measured with.
struct SweepReport: Encodable {
  /// nil where there is no figure: nothing is graded, or no question has an answer under every setting yet.
  let statistics: StatisticsReport?
  let manifest: RunManifest
  let failed: Int
  let partial: Bool

  private enum CodingKeys: String, CodingKey {
    case model, precision, metric, failed, partial, seed, n, replicates, rows
    case peakBytes = "peak_bytes"
  }

  func encode(to encoder: any Encoder) throws {
    try statistics?.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(manifest.model.name, forKey: .model)
    try container.encode(manifest.precision, forKey: .precision)
    try container.encode(manifest.metric, forKey: .metric)
    // Of what the strategies draw; the bootstrap's is always the same here.
    try container.encode(manifest.seed, forKey: .seed)
    try container.encode(failed, forKey: .failed)
    try container.encode(partial, forKey: .partial)
    try container.encode(ProcessMemory.peakBytes, forKey: .peakBytes)
    guard statistics == nil else { return }
    try container.encode(0, forKey: .n)
    try container.encode(StatisticsOptions().replicates, forKey: .replicates)
    try container.encode([Int](), forKey: .rows)
  }
}
