import Basics
import Kernels
import Pruning

/// Turns one view into rows that a connector reads: one row for each token that the decoder would get.
public protocol VisionTower: Sendable {
  /// The tower as strategies see it.
  var description: TowerDescription { get }
  /// Encodes one view, as far as its rows and the evidence need. Where `workers` have stopped, the result means
  /// nothing.
  /// - Parameters:
  ///   - kinds: evidence of attention, keys and features; projections are the caller's.
  ///   - inspection: what to show as well.
  func encode(
    _ view: TowerInput, evidence kinds: Set<EvidenceKind>, inspection: TowerInspection?, workers: Workers
  ) -> EncodedView
  /// The cost of a view with these patches, without any evidence.
  /// - Parameters:
  ///   - kept: the merged cells that enter the tower, as in `TowerInput`; nil: all.
  ///   - schedule: the patch rows that leave each block, as in `ViewReduction`; nil: all.
  func cost(of patchGrid: Grid, kept: [Int]?, schedule: [Int]?) -> TowerCost
}

extension VisionTower {
  /// The cost of a whole view.
  public func cost(of patchGrid: Grid) -> TowerCost { cost(of: patchGrid, kept: nil, schedule: nil) }

  /// The cost of a view some of whose cells enter the tower.
  public func cost(of patchGrid: Grid, kept: [Int]?) -> TowerCost {
    cost(of: patchGrid, kept: kept, schedule: nil)
  }
}

/// One view, as a family's processor makes it.
public struct TowerInput: Sendable {
  /// As the tower reads them, normalised: [3, height, width], and [frames, 3, height, width] of towers whose patches
  /// hold several frames.
  public let pixels: [Float]
  public let patchGrid: Grid
  /// The merged cells that enter the tower, ascending, in raster order; nil: all. Rows and evidence are of these alone.
  public let kept: [Int]?
  /// What becomes fewer inside the tower, where it allows that; nil: every row stays.
  public let reduction: ViewReduction?

  public init(pixels: [Float], patchGrid: Grid, kept: [Int]? = nil, reduction: ViewReduction? = nil) {
    self.pixels = pixels
    self.patchGrid = patchGrid
    self.kept = kept
    self.reduction = reduction
  }
}

/// A tower's result for one view.
public struct EncodedView: Sendable {
  /// [sent tokens, width], in raster order; where the tower merged rows, in the order of `reduced`.
  public let rows: Matrix
  /// The class token's features, [width]; nil where the tower has none.
  public let classToken: [Float]?
  public let evidence: ViewEvidence
  /// What became of the patches; nil where every row stayed.
  public let reduced: ReducedView?

  public init(rows: Matrix, classToken: [Float]?, evidence: ViewEvidence, reduced: ReducedView? = nil) {
    self.rows = rows
    self.classToken = classToken
    self.evidence = evidence
    self.reduced = reduced
  }

  /// What a tower returns that was stopped: nothing.
  static var stopped: EncodedView {
    EncodedView(rows: Matrix(rows: 0, columns: 0), classToken: nil, evidence: [:])
  }
}

/// What to show of a pass through a tower: the output of every block, and more for some blocks.
public struct TowerInspection {
  public let sink: any TensorSink
  /// Taps by 0-based block, shown as `vision.attention.NN` (softmax) and `vision.logits.NN`.
  public let maps: [Int: Set<AttentionTap>]
  /// Blocks whose keys are shown as `vision.keys.NN`.
  public let keys: Set<Int>

  /// - Parameters:
  ///   - attention: blocks whose maps are shown after softmax.
  ///   - logits: blocks whose maps are shown before it.
  public init(sink: any TensorSink, attention: Set<Int> = [], logits: Set<Int> = [], keys: Set<Int> = []) {
    self.sink = sink
    var maps: [Int: Set<AttentionTap>] = [:]
    for layer in attention { maps[layer, default: []].insert(.map(.softmax)) }
    for layer in logits { maps[layer, default: []].insert(.map(.logits)) }
    self.maps = maps
    self.keys = keys
  }
}
