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

  /// Starts a run or resumes one.
  /// - Parameter questions: the run's questions, in order.
  /// - Throws: `.otherRun` if the folder contains a different run, `.notARun` if it contains something else,
  ///   `.runInUse`, or what is wrong with a row.
  public init(path: String, manifest: RunManifest, questions: [Question.Identifier]) throws(EvaluationError) {
    self.path = path
    self.manifest = manifest
    let isNew = try Self.prepare(path, manifest)
    let settings = Dictionary(uniqueKeysWithValues: manifest.settings.enumerated().map { ($1, $0) })
    let places = Dictionary(uniqueKeysWithValues: questions.enumerated().map { ($1, $0) })
    var isDone = [Bool](repeating: false, count: settings.count * places.count)
    var failed = 0
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
      failed += row.error == nil ? 0 : 1
    }
    settingPlaces = settings
    questionPlaces = places
    self.isDone = isDone
    doneCount = isDone.count { $0 }
    failedCount = failed
    guard isNew else { return }
    // Another process may have started and finished a run here before this one got the lock.
    if FileManager.default.fileExists(atPath: "\(path)/manifest.json") {
      _ = try Self.prepare(path, manifest)
    } else {
      try Self.write(try Self.bytes(of: manifest), to: "\(path)/manifest.json")
    }
  }

  private static func rows(of path: String) -> String { "\(path)/rows.jsonl" }

  private static func bytes(of manifest: RunManifest) throws(EvaluationError) -> Data {
    do { return try manifest.data() } catch { throw .unwritable(file: "manifest.json", reason: "\(error)") }
  }

  /// Creates the folder, or checks its content.
  /// - Returns: whether the run is new.
  private static func prepare(_ path: String, _ manifest: RunManifest) throws(EvaluationError) -> Bool {
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) {
      guard isFolder.boolValue else { throw .notARun(folder: path, reason: "it is a file") }
      let names = Set((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [])
      guard names.contains("manifest.json") else {
        // A process that died between creating the log and writing the manifest leaves an empty log.
        let size = try? FileManager.default.attributesOfItem(atPath: rows(of: path))[.size] as? Int
        guard names.isEmpty || (names == ["rows.jsonl"] && size == 0) else {
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
    let file = "\(folder)/results.csv"
    let bytes = Data(results.utf8)
    if FileManager.default.contents(atPath: file) != bytes { try write(bytes, to: file) }
  }

  /// Writes a whole file or nothing.
  static func write(_ bytes: Data, to path: String) throws(EvaluationError) {
    do { try bytes.write(to: URL(fileURLWithPath: path), options: .atomic) } catch {
      let cause = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
      throw .unwritable(file: path, reason: cause.map { String(cString: strerror(Int32($0.code))) } ?? "\(error)")
    }
  }
}
