import ArgumentParser
import Evaluation
import Foundation

/// Collects a sweep's rows for its table, and keeps those of a run that has a folder.
struct RowCollector {
  private let folder: RunFolder?
  private var builder = GradedRunBuilder(file: "the sweep")
  private(set) var failed = 0
  private var line = 0

  init(folder: RunFolder?) { self.folder = folder }

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
    try builder.add(row, line: line)
  }

  /// The figures of all rows, or of the questions that have a row under every setting; nil where none has.
  mutating func statistics(seed: UInt64, isPartial: Bool) throws -> StatisticsReport? {
    if let folder {
      // The rows of earlier processes too.
      var all = RowCollector(folder: nil)
      try folder.forEachRow { (row) throws(EvaluationError) in try all.add(row) }
      (builder, failed, line) = (all.builder, all.failed, all.line)
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
  func show(_ rows: RowCollector, _ folder: RunFolder?) throws {
    var rows = rows
    let statistics = try rows.statistics(seed: 0, isPartial: !isWhole)
    if !isWhole {
      StandardError.write(
        "stopped early: the table is of the \(statistics?.n ?? 0) questions that have an answer under every setting\n")
    }
    if rows.failed > 0 { StandardError.write("warning: \(rows.failed) answers failed and count as wrong\n") }
    guard let statistics else { return }
    if isWhole { try folder?.write(results: statistics.csv()) }
    switch format {
    case .json:
      try StandardOutput.write(
        json: SweepReport(statistics, manifest: manifest, failed: rows.failed, partial: !isWhole),
        envelope: envelope)
    case .csv: try StandardOutput.write(statistics.csv())
    case .markdown: try StandardOutput.write(statistics.markdown())
    case .table: try StandardOutput.write((isWhole ? "" : "partial\n") + statistics.table())
    }
  }
}

/// `sweep --json`: the figures of `statistics --json`, and what they were measured with.
struct SweepReport: Encodable {
  let statistics: StatisticsReport
  let manifest: RunManifest
  let failed: Int
  let partial: Bool

  init(_ statistics: StatisticsReport, manifest: RunManifest, failed: Int, partial: Bool) {
    self.statistics = statistics
    self.manifest = manifest
    self.failed = failed
    self.partial = partial
  }

  private enum CodingKeys: String, CodingKey {
    case model, precision, metric, failed, partial, seed
  }

  func encode(to encoder: any Encoder) throws {
    try statistics.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(manifest.model.name, forKey: .model)
    try container.encode(manifest.precision, forKey: .precision)
    try container.encode(manifest.metric, forKey: .metric)
    // Of what the strategies draw; the bootstrap's is always the same here.
    try container.encode(manifest.seed, forKey: .seed)
    try container.encode(failed, forKey: .failed)
    try container.encode(partial, forKey: .partial)
  }
}
