/// Everything that a run's report shows, except pictures.
public struct RunContents: Sendable {
  public let description: RunDescription
  /// Number of rows in the log.
  public let rowCount: Int
  public let run: GradedRun
  /// Figures with intervals over questions, and with intervals over images, each with all of its questions. The second
  /// is nil if rows do not name their images.
  public let statistics: StatisticsReport
  public let clustered: StatisticsReport?
  public var samples: [SampledQuestion]

  /// Milliseconds for each setting.
  var firstTokenTimes: [Double?] { statistics.firstTokenTimes }

  public var isFinished: Bool { description.rowCount.map { rowCount >= $0 } ?? true }

  private static let sampleCount = 4

  /// Reads a run's log. A truncated last line, left by a killed process, is ignored.
  /// - Parameter path: the log's name in errors.
  /// - Throws: `EvaluationError`.
  public init(
    _ description: RunDescription, rows bytes: [UInt8], file path: String, options: StatisticsOptions
  ) throws(EvaluationError) {
    let bytes = Self.wholeLines(bytes)
    var builder = GradedRunBuilder(file: path)
    try RunRow.read(bytes, file: path) { (row, line) throws(EvaluationError) in try builder.add(row, line: line) }
    self.description = description
    let count = builder.rowCount
    rowCount = count
    run = try builder.run(isPartial: description.rowCount.map { count < $0 } ?? false)
    var options = options
    options.cluster = .question
    statistics = try StatisticsReport(run, options: options, file: path)
    options.cluster = .image
    clustered = run.images.contains(nil) ? nil : try StatisticsReport(run, options: options, file: path)
    samples = SampledQuestion.choose(from: run, count: Self.sampleCount)
    try addReplies(bytes, file: path)
  }

  /// The complete lines: without what follows the last line break, and without a garbled last line.
  private static func wholeLines(_ bytes: [UInt8]) -> [UInt8] {
    guard let end = bytes.lastIndex(of: UInt8(ascii: "\n")) else { return [] }
    let start = bytes[..<end].lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    let isBlank = bytes[start..<end].allSatisfy { [0x20, 0x09, 0x0D].contains($0) }
    let isRow = isBlank || (try? RunRow(parsing: bytes[start..<end], file: "", line: 0)) != nil
    return Array(bytes[..<(isRow ? end + 1 : start)])
  }

  /// Keeps the answers to the sampled questions only: all answers of a run may not fit into memory.
  private mutating func addReplies(_ bytes: [UInt8], file path: String) throws(EvaluationError) {
    var samples = samples
    let run = run
    try RunRow.read(bytes, file: path) { (row, _) throws(EvaluationError) in
      guard let sample = samples.firstIndex(where: { $0.identifier == row.question }),
        let setting = run.settings.firstIndex(where: { $0.strategy == row.strategy && $0.keep == row.keep })
      else { return }
      let grade = row.error == nil ? row.correct ?? 0 : 0
      samples[sample].replies.append(
        SampledQuestion.Reply(setting: setting, text: row.answer, grade: grade, error: row.error))
    }
    for sample in samples.indices { samples[sample].replies.sort { $0.setting < $1.setting } }
    self.samples = samples
  }

  /// The settings whose kept patches are shown side by side: for each strategy, the one closest to a quarter of the
  /// tokens.
  public var picturedSettings: [Int] {
    var nearest: [String: (setting: Int, distance: Double)] = [:]
    for (index, setting) in run.settings.enumerated() where !setting.isDense && !setting.size.isEverything {
      let distance = abs((setting.size.share ?? statistics.rows[index].overall.keepRatio ?? 1) - 0.25)
      if let known = nearest[setting.strategy], known.distance <= distance { continue }
      nearest[setting.strategy] = (index, distance)
    }
    return nearest.values.map(\.setting).sorted()
  }
}
