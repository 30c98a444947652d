import Checkpoint
import VLM

/// What every JSON result says of how it came about, at top level beside the command's own fields: the result's form,
/// the program, and what it ran with. `docs/schema` describes each command's whole object.
struct Envelope: Encodable {
  /// The model and the machine, for commands that load one.
  struct Model {
    let name: String
    /// `CheckpointFolder.contentIdentity`.
    let digest: String
    let family: String
    let precision: String
    let backEnd: String
    let threads: Int
    let cpu = CPUInformation()

    init(_ model: VisionLanguageModel, folder: String) throws {
      name = model.name
      digest = try CheckpointFolder.contentIdentity(of: folder)
      family = model.familyName
      precision = model.compute.precision
      backEnd = model.compute.backEnd.rawValue
      threads = model.workers.count
    }
  }

  /// A budget as it was given and as it was counted. Counts are null where they differ between the result's rows.
  struct Budget: Encodable {
    let given: String
    let visualTokens: Int?
    /// A mean where several pictures were pruned.
    let kept: Double?

    private enum CodingKeys: String, CodingKey {
      case given, kept
      case visualTokens = "visual_tokens"
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(given, forKey: .given)
      try container.encode(visualTokens, forKey: .visualTokens)
      try container.encode(kept, forKey: .kept)
    }
  }

  /// For commands that prune.
  struct Selection {
    let seed: UInt64
    /// The canonical spec; nil where rows have one each.
    let strategy: String?
    let budget: Budget
  }

  private let command: String
  private let model: Model?
  private let selection: Selection?

  /// - Parameter command: its name, which names the result's form too.
  init(_ command: String, model: Model? = nil, selection: Selection? = nil) {
    self.command = command
    self.model = model
    self.selection = selection
  }

  private enum CodingKeys: String, CodingKey {
    case schema, version, commit, command
    case model, family, precision, backend, cpu, threads
    case modelDigest = "model_digest"
    case cpuFeatures = "cpu_features"
    case seed, strategy, budget
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode("vlmprune.\(command)/1", forKey: .schema)
    try container.encode(BuildInformation.version, forKey: .version)
    try container.encode(BuildInformation.commit, forKey: .commit)
    try container.encode(command, forKey: .command)
    if let model {
      try container.encode(model.name, forKey: .model)
      try container.encode(model.digest, forKey: .modelDigest)
      try container.encode(model.family, forKey: .family)
      try container.encode(model.precision, forKey: .precision)
      try container.encode(model.backEnd, forKey: .backend)
      try container.encode(model.cpu.name, forKey: .cpu)
      try container.encode(model.cpu.features, forKey: .cpuFeatures)
      try container.encode(model.threads, forKey: .threads)
    }
    if let selection {
      try container.encode(selection.seed, forKey: .seed)
      try container.encode(selection.strategy, forKey: .strategy)
      try container.encode(selection.budget, forKey: .budget)
    }
  }
}

/// A result in its envelope: one object. A key that both have carries the result's value.
struct Enveloped<Body: Encodable>: Encodable {
  let body: Body
  let envelope: Envelope

  func encode(to encoder: any Encoder) throws {
    try envelope.encode(to: encoder)
    try body.encode(to: encoder)
  }
}
