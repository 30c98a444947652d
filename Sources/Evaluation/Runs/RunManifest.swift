import Foundation

/// `manifest.json`: everything that the rows of a run depend on. The same command resumes a run; a command that
/// differs in any of this is refused.
public struct RunManifest: Sendable, Codable, Equatable {
  public static let schema = "vlmprune.run/1"

  public struct Model: Sendable, Codable, Equatable {
    /// The name that the user gave.
    public let name: String
    public let family: String
    /// A digest of the checkpoint's files, wherever they are.
    public let digest: String

    public init(name: String, family: String, digest: String) {
      self.name = name
      self.family = family
      self.digest = digest
    }
  }

  public struct Questions: Sendable, Codable, Equatable {
    public let file: String
    /// SHA-256 of the file, and of the annotations if there are any.
    public let digest: String
    /// Number of questions in this run: those up to the limit or, of these, the shard's.
    public var count: Int
    public let limit: Int?

    public init(file: String, digest: String, count: Int, limit: Int?) {
      self.file = file
      self.digest = digest
      self.count = count
      self.limit = limit
    }
  }

  public struct Setting: Sendable, Codable, Hashable {
    /// The strategy's canonical spec.
    public let strategy: String
    /// The budget in its canonical spelling.
    public let keep: String

    public init(strategy: String, keep: String) {
      self.strategy = strategy
      self.keep = keep
    }
  }

  public var schema = RunManifest.schema
  public var version: String
  /// The commit of the binary. Another commit of the same version may resume the run.
  public var commit: String
  public var model: Model
  public var precision: String
  public var backend: String
  public var questions: Questions
  /// The image folder.
  public var images: String
  public var settings: [Setting]
  public var seed: UInt64
  public var metric: String
  public var positions: String
  public var packing: String
  /// A fixed grid of crops.
  public var grid: String?
  public var template: String?
  public var system: String?
  public var maxNewTokens: Int
  public var maxPixels: Int
  /// Most visual tokens of a picture before pruning.
  public var maxVisualTokens: Int?
  /// Frames a second of videos that are given as frames.
  public var fps: Double?
  /// "2/8"; nil if the run is not a shard.
  public var shard: String?

  private enum CodingKeys: String, CodingKey {
    case schema, version, commit, model, precision, backend, questions, images, settings, seed, metric, positions
    case packing, grid, template, system, shard, fps
    case maxNewTokens = "max_new_tokens"
    case maxPixels = "max_pixels"
    case maxVisualTokens = "max_visual_tokens"
  }

  public init(
    version: String, commit: String, model: Model, precision: String, backend: String, questions: Questions,
    images: String, settings: [Setting], seed: UInt64, metric: String, positions: String, packing: String,
    grid: String? = nil, template: String? = nil, system: String? = nil, maxNewTokens: Int, maxPixels: Int,
    maxVisualTokens: Int? = nil, fps: Double? = nil, shard: String? = nil
  ) {
    self.version = version
    self.commit = commit
    self.model = model
    self.precision = precision
    self.backend = backend
    self.questions = questions
    self.images = images
    self.settings = settings
    self.seed = seed
    self.metric = metric
    self.positions = positions
    self.packing = packing
    self.grid = grid
    self.template = template
    self.system = system
    self.maxNewTokens = maxNewTokens
    self.maxPixels = maxPixels
    self.maxVisualTokens = maxVisualTokens
    self.fps = fps
    self.shard = shard
  }

  /// The strategies of the settings without duplicates, in order.
  public var strategies: [String] { Self.distinct(settings.map(\.strategy)) }
  public var budgets: [String] { Self.distinct(settings.map(\.keep)) }

  /// Number of rows in the finished run.
  public var rowCount: Int { questions.count * settings.count }

  private static func distinct(_ texts: [String]) -> [String] {
    var seen: Set<String> = []
    return texts.filter { seen.insert($0).inserted }
  }
}

extension RunManifest {
  /// Every field that rows depend on, as text.
  private var fields: [(name: String, value: String)] {
    [
      ("schema", schema), ("version", version), ("model", "\(model.name) (\(model.digest))"), ("precision", precision),
      ("backend", backend), ("questions", "\(questions.file) (\(questions.digest))"),
      ("limit", questions.limit.map { "\($0)" } ?? "none"), ("images", images),
      ("strategies", strategies.joined(separator: ", ")), ("budgets", budgets.joined(separator: ", ")),
      ("settings", settings.map { "\($0.strategy) at \($0.keep)" }.joined(separator: ", ")), ("seed", "\(seed)"),
      ("metric", metric), ("positions", positions), ("packing", packing), ("grid", grid ?? "none"),
      ("template", template ?? "the checkpoint's"), ("system", system ?? "none"),
      ("max_new_tokens", "\(maxNewTokens)"), ("max_pixels", "\(maxPixels)"),
      ("max_visual_tokens", maxVisualTokens.map { "\($0)" } ?? "none"), ("fps", fps.map { "\($0)" } ?? "standard"),
      ("shard", shard ?? "none"),
      ("count", "\(questions.count)"),
    ]
  }

  /// The first field in which two manifests differ, with both values. Names of the model and of files do not count if
  /// the digests are equal.
  /// - Parameter ignoring: fields that may differ.
  public func difference(
    from other: RunManifest, ignoring: Set<String> = []
  ) -> (field: String, ours: String, theirs: String)? {
    for (ours, theirs) in zip(fields, other.fields) where ours.value != theirs.value {
      if ours.name == "model", model.digest == other.model.digest { continue }
      if ours.name == "questions", questions.digest == other.questions.digest { continue }
      if !ignoring.contains(ours.name) { return (ours.name, ours.value, theirs.value) }
    }
    return nil
  }

  /// The file's content.
  public func data() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    return try encoder.encode(self) + Data([0x0A])
  }

  /// Reads a run's manifest.
  /// - Throws: `.notARun` if there is none, or if another program or a later version wrote it.
  public static func read(folder: String) throws(EvaluationError) -> RunManifest {
    let path = "\(folder)/manifest.json"
    guard let data = FileManager.default.contents(atPath: path) else {
      throw .notARun(folder: folder, reason: "it has no manifest.json")
    }
    do {
      let manifest = try JSONDecoder().decode(RunManifest.self, from: data)
      guard manifest.schema == schema else {
        throw EvaluationError.notARun(folder: folder, reason: "its manifest is of schema \(manifest.schema)")
      }
      return manifest
    } catch let error as EvaluationError {
      throw error
    } catch {
      throw .notARun(folder: folder, reason: "its manifest.json cannot be read")
    }
  }
}
