import Foundation

/// A run on disk: `manifest.json`, the log `rows.jsonl` and, once every row exists, `results.csv`.
public final class RunFolder {
  public let path: String
  public let manifest: RunManifest
  private let log: LineLog
  /// Which rows exist: [settings × questions], settings outermost.
  private var isDone: [Bool]
  private let settingPlaces: [RunManifest.Setting: Int]
  private let questionPlaces: [Question.Identifier: Int]
  public private(set) var doneCount = 0
  /// Number of rows that contain an error.
  public private(set) var failedCount = 0

  /// Starts a run, or goes on with one.
  /// - Parameters:
  ///   - questions: the run's, in their order.
  ///   - retriesFailures: whether rows that hold an error are taken out, so that they are asked for again.
  /// - Throws: `.otherRun` where the folder holds a run that differs, `.notARun` where it holds something else,
  ///   `.runInUse`, or what is wrong with a row.
  public init(
    path: String, manifest: RunManifest, questions: [Question.Identifier], retriesFailures: Bool = false
  ) throws(EvaluationError) {
    self.path = path
    self.manifest = manifest
    let isNew = try Self.prepare(path, manifest)
    let settings = Dictionary(uniqueKeysWithValues: manifest.settings.enumerated().map { ($1, $0) })
    let places = Dictionary(uniqueKeysWithValues: questions.enumerated().map { ($1, $0) })
    var isDone = [Bool](repeating: false, count: settings.count * places.count)
    var failed: [Int] = []
    log = try LineLog(path: Self.rows(of: path)) { (line, number) throws(EvaluationError) in
      let file = Self.rows(of: path)
      let row = try RunRow(parsing: line, file: file, line: number)
      guard let setting = settings[RunManifest.Setting(strategy: row.strategy, keep: row.keep)],
        let question = places[row.question]
      else {
        throw .strayRow(file: file, line: number, reason: "it is no row of this run's settings and questions")
      }
      let place = setting * places.count + question
      guard !isDone[place] else { throw .strayRow(file: file, line: number, reason: "this row is there twice") }
      isDone[place] = true
      if row.error != nil { failed.append(place) }
    }
    settingPlaces = settings
    questionPlaces = places
    self.isDone = isDone
    doneCount = isDone.count { $0 }
    failedCount = failed.count
    guard isNew else {
      if retriesFailures, !failed.isEmpty { try forget(failed) }
      return
    }
    // Another process may have begun and ended a run here before this one had the lock.
    if FileManager.default.fileExists(atPath: Self.manifest(of: path)) {
      _ = try Self.prepare(path, manifest)
    } else {
      try WholeFile.write(try Self.bytes(of: manifest), to: Self.manifest(of: path))
    }
  }

  private static func rows(of path: String) -> String { "\(path)/rows.jsonl" }
  private static func results(of path: String) -> String { "\(path)/results.csv" }
  private static func manifest(of path: String) -> String { "\(path)/manifest.json" }

  /// Takes failed rows out of the log, and the table that was made of them.
  /// - Parameter failed: their places.
  private func forget(_ failed: [Int]) throws(EvaluationError) {
    unlink(Self.results(of: path))
    let file = Self.rows(of: path)
    try log.remove { (line, number) throws(EvaluationError) in
      try RunRow(parsing: line, file: file, line: number).error != nil
    }
    for place in failed { isDone[place] = false }
    doneCount -= failed.count
    failedCount = 0
  }

  private static func bytes(of manifest: RunManifest) throws(EvaluationError) -> Data {
    do { return try manifest.data() } catch { throw .unwritable(file: "manifest.json", reason: "\(error)") }
  }

  /// Creates the folder, or checks its content.
  /// - Returns: whether the run is new.
  private static func prepare(_ path: String, _ manifest: RunManifest) throws(EvaluationError) -> Bool {
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) {
      guard isFolder.boolValue else { throw .notARun(folder: path, reason: "it is a file") }
      var names = Set((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [])
      guard names.contains("manifest.json") else {
        // A process that died before the manifest had its name leaves an empty log, and perhaps the manifest's draft.
        let size = try? FileManager.default.attributesOfItem(atPath: rows(of: path))[.size] as? Int
        if size == 0 { names.subtract(["rows.jsonl", WholeFile.draft(of: "manifest.json")]) }
        guard names.isEmpty else {
          throw .notARun(folder: path, reason: "it is not empty, and no run")
        }
        return true
      }
      let found = try RunManifest.read(folder: path)
      if let difference = found.difference(from: manifest) {
        throw .otherRun(
          folder: path, field: difference.field, found: difference.ours, wanted: difference.theirs)
      }
      return false
    }
    do { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) } catch {
      throw .unwritable(file: path, reason: String(cString: strerror(errno)))
    }
    return true
  }

  /// Whether this row exists.
  public func has(question: Int, setting: Int) -> Bool { isDone[setting * questionPlaces.count + question] }

  public var isFinished: Bool { doneCount == isDone.count }

  /// Appends a row as a whole.
  public func append(_ row: RunRow) throws(EvaluationError) {
    guard let setting = settingPlaces[RunManifest.Setting(strategy: row.strategy, keep: row.keep)],
      let question = questionPlaces[row.question]
    else { preconditionFailure("a row is of the run's settings and questions") }
    let line: Data
    do { line = try row.line() } catch { throw .unwritable(file: log.path, reason: "\(error)") }
    try log.append(line)
    isDone[setting * questionPlaces.count + question] = true
    doneCount += 1
    failedCount += row.error == nil ? 0 : 1
  }

  /// Reads the rows again, one at a time, in the order in which they were written.
  public func forEachRow(_ body: (RunRow) throws(EvaluationError) -> Void) throws(EvaluationError) {
    try log.forEach { (line, number) throws(EvaluationError) in
      try body(try RunRow(parsing: line, file: log.path, line: number))
    }
  }

  /// The questions that have a row under every setting.
  public var completeQuestions: Set<Question.Identifier> {
    Set(
      questionPlaces.filter { place in settingPlaces.values.allSatisfy { has(question: place.value, setting: $0) } }
        .keys)
  }

  /// Writes `results.csv`, unless it already has this content.
  public func write(results: String) throws(EvaluationError) { try Self.write(results: results, folder: path) }

  public static func write(results: String, folder: String) throws(EvaluationError) {
    let file = Self.results(of: folder)
    let bytes = Data(results.utf8)
    if FileManager.default.contents(atPath: file) != bytes { try WholeFile.write(bytes, to: file) }
  }
}
