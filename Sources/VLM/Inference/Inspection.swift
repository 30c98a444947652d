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
  private var integers: [String: [Int]] = [:]

  public init(_ wishes: Wishes = Wishes()) { self.wishes = wishes }

  public func take(_ name: String, shape: [Int], _ values: [Float]) {
    if parts[name] == nil { names.append(name) }
    parts[name, default: []].append((shape, values))
  }

  func take(_ name: String, integers values: [Int]) {
    names.append(name)
    integers[name] = values
  }

  func take(_ picture: EncodedPicture) { encoded.append(picture) }

  /// What the tower is asked to show.
  var ofTower: TowerInspection {
    TowerInspection(sink: self, attention: wishes.attention, logits: wishes.logits, keys: wishes.keys)
  }

  /// All tensors, in the order of the computation. Those of the tower have the views as their first axis: [V, …].
  public var tensors: [Tensor] {
    names.sorted { (Self.stage($0), $0) < (Self.stage($1), $1) }.map { name in
      if let numbers = integers[name] {
        return Tensor(name: name, shape: [numbers.count], floats: [], integers: numbers)
      }
      let views = parts[name] ?? []
      let shape = views[0].shape
      let stacked = Self.isOfView(name) ? [views.count] + shape : shape
      return Tensor(name: name, shape: stacked, floats: views.flatMap(\.values), integers: nil)
    }
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
  func take(_ prompt: PromptSequence, unpruned: [Int], visual: [VisualRows]) {
    let width = prompt.embeddings.columns
    take("projected", shape: [visual.reduce(0) { $0 + $1.rows.rows }, width], visual.flatMap(\.rows.values))
    // The class token of a single image is always sent; those of a video are part of its unpruned sequence.
    take(
      "plan.kept",
      integers: visual.flatMap { rows in
        rows.plan.views.count == 1 ? rows.plan.sequenceCodes.filter { $0 > -100 } : rows.plan.sequenceCodes
      })
    take("prompt.input_ids", integers: unpruned)
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
