import Basics
import Foundation

/// What a report shows of a run's manifest. Missing or unknown entries are tolerated: a report on a run of a later
/// version is better than none.
public struct RunDescription: Sendable {
  public struct Setting: Sendable, Hashable {
    public let strategy: String
    public let keep: String
  }

  public let model: String
  public let precision: String?
  public let questionFile: String?
  /// Number of questions in the run.
  public let questionCount: Int?
  /// The image folder.
  public let images: String?
  public let settings: [Setting]
  public let seed: UInt64
  public let metric: String?
  public let version: String?
  public let commit: String?
  /// "2/8"
  public let shard: String?
  public let grid: String?
  public let maxVisualTokens: Int?
  public let system: String?
  public let template: String?
  public let packing: String?
  public let positions: String?

  /// Number of rows in the finished run; nil if the manifest does not tell.
  public var rowCount: Int? { settings.isEmpty ? nil : questionCount.map { $0 * settings.count } }

  /// - Throws: `.notARun` if the manifest is missing, `.unreadable` if it cannot be read.
  public init(folder: String) throws(EvaluationError) {
    let path = "\(folder)/manifest.json"
    guard let data = FileManager.default.contents(atPath: path) else {
      throw .notARun(folder: folder, reason: "it has no manifest.json")
    }
    try self.init([UInt8](data), file: path)
  }

  init(_ bytes: [UInt8], file path: String) throws(EvaluationError) {
    let json: JSONValue
    do { json = try JSONValue(parsing: bytes) } catch { throw .unreadable(file: path, reason: error.message) }
    guard let model = json["model"]?["name"]?.string else {
      throw .unreadable(file: path, reason: "it names no model, so that it is no run's manifest")
    }
    self.model = model
    precision = json["precision"]?.string
    questionFile = json["questions"]?["file"]?.string
    questionCount = json["questions"]?["count"]?.integer
    images = json["images"]?.string
    settings = (json["settings"]?.elements.map(Array.init) ?? []).compactMap { setting in
      guard let strategy = setting["strategy"]?.string, let keep = setting["keep"]?.string else { return nil }
      return Setting(strategy: strategy, keep: keep)
    }
    seed = json["seed"]?.integer.map { UInt64(max($0, 0)) } ?? 0
    metric = json["metric"]?.string
    version = json["version"]?.string
    commit = json["commit"]?.string
    shard = json["shard"]?.string
    grid = json["grid"]?.string
    maxVisualTokens = json["max_visual_tokens"]?.integer
    system = json["system"]?.string
    template = json["template"]?.string
    packing = json["packing"]?.string
    positions = json["positions"]?.string
  }
}
