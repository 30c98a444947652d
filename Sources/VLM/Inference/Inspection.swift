import Basics
import Kernels
import Pruning
import ViT

/// Collects every named intermediate of one answer, for research and for parity: the names are `inspect`'s contract.
public final class Inspection: TensorSink {
  /// One tensor; integers where `integers` is set.
  public struct Tensor: Sendable {
    public let name: String
    public let shape: [Int]
    public let floats: [Float]
    public let integers: [Int]?
  }

  /// What is shown of the tower besides the outputs of its blocks.
  public struct Wishes: Sendable {
    /// Blocks whose attention maps are shown.
    public var attention: Set<Int>
    /// Blocks whose maps before softmax are shown.
    public var logits: Set<Int>
    /// Blocks whose keys are shown.
    public var keys: Set<Int>
    /// Gathered even where the budget needs no strategy.
    public var evidence: Evidence

    public init(
      attention: Set<Int> = [], logits: Set<Int> = [], keys: Set<Int> = [], evidence: Evidence = .none
    ) {
      self.attention = attention
      self.logits = logits
      self.keys = keys
      self.evidence = evidence
    }
  }

  public let wishes: Wishes
  /// The encoded pictures.
  public private(set) var encoded: [EncodedPicture] = []
  /// Names in the order of their first tensor.
  private var names: [String] = []
  private var parts: [String: [(shape: [Int], values: [Float])]] = [:]
  private var integers: [String: (shape: [Int], values: [Int])] = [:]

  public init(_ wishes: Wishes = Wishes()) { self.wishes = wishes }

  public func take(_ name: String, shape: [Int], _ values: [Float]) {
    if parts[name] == nil { names.append(name) }
    parts[name, default: []].append((shape, values))
  }

  /// - Parameter shape: one axis if nil.
  func take(_ name: String, shape: [Int]? = nil, integers values: [Int]) {
    names.append(name)
    integers[name] = (shape ?? [values.count], values)
  }

  func take(_ picture: EncodedPicture) { encoded.append(picture) }

  /// What the tower is asked to show.
  var ofTower: TowerInspection {
    TowerInspection(sink: self, attention: wishes.attention, logits: wishes.logits, keys: wishes.keys)
  }

  /// All tensors, in the order of the computation. Those of the tower have the views as their first axis, [V, …]. Views
  /// of several shapes, and pixels that are given by patch, are joined along the patches instead.
  public var tensors: [Tensor] {
    names.sorted { (Self.stage($0), $0) < (Self.stage($1), $1) }.map { name in
      if let numbers = integers[name] {
        return Tensor(name: name, shape: numbers.shape, floats: [], integers: numbers.values)
      }
      let views = parts[name] ?? []
      return Tensor(
        name: name, shape: Self.shape(of: views.map(\.shape), name: name), floats: views.flatMap(\.values),
        integers: nil)
    }
  }

  private static func shape(of views: [[Int]], name: String) -> [Int] {
    guard isOfView(name) else { return views[0] }
    let isByPatch = name == "pixel_values" && views[0].count == 2
    if !isByPatch, Set(views).count == 1 { return [views.count] + views[0] }
    return [views.reduce(0) { $0 + $1[0] }] + views[0].dropFirst()
  }

  /// One tensor by its name.
  public subscript(name: String) -> Tensor? { tensors.first { $0.name == name } }

  private static func isOfView(_ name: String) -> Bool { name == "pixel_values" || name.hasPrefix("vision.") }

  private static let stages = [
    "pixel_values", "vision.embeddings", "vision.block", "vision.attention", "vision.logits", "vision.keys",
    "vision.features", "projected", "plan.", "prompt.", "decoder.embeddings", "decoder.block", "logits",
    "generated_ids",
  ]

  private static func stage(_ name: String) -> Int {
    stages.firstIndex { name.hasPrefix($0) } ?? stages.count
  }
}

extension Inspection {
  /// Takes the parts that make up the prompt.
  /// - Parameter showsPositions: whether the rotary positions are shown, [3, tokens]: times, rows, columns.
  func take(_ prompt: PromptSequence, unpruned: [Int], visual: [VisualRows], showsPositions: Bool) {
    let width = prompt.embeddings.columns
    take("projected", shape: [visual.reduce(0) { $0 + $1.rows.rows }, width], visual.flatMap(\.rows.values))
    for level in 0..<(visual.map(\.levels.count).max() ?? 0) {
      let rows = visual.flatMap { $0.levels[level].values }
      take("projected.deepstack.\(level)", shape: [rows.count / width, width], rows)
    }
    // The class token of a single image is always sent; those of a video are part of its unpruned sequence.
    take(
      "plan.kept",
      integers: visual.flatMap { rows in
        rows.plan.views.count == 1 ? rows.plan.sequenceCodes.filter { $0 != -100 } : rows.plan.sequenceCodes
      })
    let reduced = visual.compactMap(\.reduced)
    if !reduced.isEmpty {
      let schedules = reduced.flatMap { $0.map(\.schedule) }
      let blocks = schedules[0].count
      take(
        "plan.tokens", shape: schedules.count == 1 ? [blocks] : [schedules.count, blocks],
        integers: schedules.flatMap { $0 })
      take("plan.owner", integers: reduced.flatMap { $0.ownerCodes })
    }
    take("prompt.input_ids", integers: unpruned)
    if showsPositions {
      let axes = [\Position.temporal, \Position.height, \Position.width]
      take(
        "prompt.position_ids", shape: [3, prompt.positions.count],
        integers: axes.flatMap { axis in prompt.positions.map { $0[keyPath: axis] } })
    }
    take("decoder.embeddings", shape: [prompt.embeddings.rows, width], prompt.embeddings.values)
  }

  /// Takes what the family connects when nothing is pruned: each view's rows, after its class token if that is sent.
  func take(_ encoded: EncodedPicture, of picture: PictureDescription) {
    take(encoded)
    for (view, rows) in encoded.features.enumerated() {
      let sendsClassToken = picture.unpruned.parts.contains(.classToken(view: view))
      let first = sendsClassToken ? encoded.classTokens.map { Array($0.row(view)) } ?? [] : []
      take(
        "vision.features", shape: [rows.rows + first.count / rows.columns, rows.columns], first + rows.values)
    }
  }
}

extension Inspection {
  /// Takes what became of a prompt's visual rows inside the decoder.
  func take(_ record: DecoderPruningRecord) {
    for cut in record.cuts {
      let block = (cut.block < 10 ? "0" : "") + "\(cut.block)"
      take("plan.kept.\(block)", integers: cut.kept.flatMap { $0 })
      let pairs = cut.merged.flatMap { merged in merged.members.flatMap { [merged.code, $0] } }
      if !pairs.isEmpty { take("plan.merged.\(block)", shape: [pairs.count / 2, 2], integers: pairs) }
    }
  }
}
