import Kernels

/// A training-free method that drops visual rows between decoder blocks, at prefill. Each is one file and one line of
/// the catalogue. It decides and touches no tensor of the model; the decoder applies the decision.
///
/// "Cut before block b": blocks 0…b−1 run on the longer sequence and cache all of it, blocks b… on the shorter one.
public protocol DecoderPruning: Sendable {
  /// The command line's spelling.
  static var name: String { get }
  /// One line, with the paper.
  static var summary: String { get }
  static var paper: Paper? { get }
  /// What its decisions rest on, in words.
  static var reads: [String] { get }
  /// Its options, as its initialiser reads them and in the order of the canonical spec.
  static var options: [OptionDescription] { get }
  /// Reads its options; the parser reports unread options as unknown.
  init(options: inout StrategyOptions) throws(PruningError)
  /// The canonical spec on this decoder: the name with every option spelled out.
  func resolved(on decoder: DecoderDescription) throws(PruningError) -> StrategySpec
  /// The cuts of one picture, in order.
  /// - Parameters:
  ///   - budget: of the picture; a ratio keeps int(ratio · rows).
  ///   - rows: the picture's rows in the prompt, separators included.
  /// - Throws: `budgetBelowSchedule`, or what is wrong with an option on this decoder.
  func cuts(
    keeping budget: Budget, of rows: Int, on decoder: DecoderDescription
  ) throws(PruningError) -> [DecoderCut]
  /// Whether rows that stay keep their positions; otherwise they are numbered anew from 0 after every cut.
  var keepsPositions: Bool { get }
  /// Whether it reads the attention of raters: text rows after a picture that are close to the picture's rows.
  var readsRaters: Bool { get }
  /// Decides one cut of one picture.
  /// - Parameters:
  ///   - weights: softmax weights of some of the present rows over all of them.
  ///   - rows: the residual stream that enters the cut's block, [present rows, width].
  func decide(
    _ cut: DecoderCut, on scene: CutScene,
    weights: (_ queries: [Int], _ source: AttentionSource) -> AttentionWeights, rows: () -> Matrix
  ) throws(PruningError) -> CutDecision
}

extension DecoderPruning {
  public var readsRaters: Bool { false }
}

/// One cut of one picture.
public struct DecoderCut: Sendable, Hashable {
  /// The first block that runs without the dropped rows.
  public let block: Int
  /// Visual rows that stay, merged ones not counted.
  public let count: Int

  public init(block: Int, count: Int) {
    self.block = block
    self.count = count
  }
}

/// Where a cut happens: numbers count the rows of the present sequence.
public struct CutScene: Sendable {
  /// Which of the prompt's pictures is cut, for errors.
  public let picture: Int
  /// The picture's visual rows, at least two.
  public let visual: Range<Int>
  /// The rows whose attention is read: the raters, or the prompt's last row.
  public let queries: [Int]
  /// Of all present rows.
  public let positions: [Position]
  public let decoder: DecoderDescription

  public init(
    picture: Int, visual: Range<Int>, queries: [Int], positions: [Position], decoder: DecoderDescription
  ) {
    self.picture = picture
    self.visual = visual
    self.queries = queries
    self.positions = positions
    self.decoder = decoder
  }
}

/// What a method decides at a cut. Numbers count from the picture's first visual row.
public struct CutDecision: Sendable, Hashable {
  /// A new row: `scale` times the sum of its members.
  public struct Merge: Sendable, Hashable {
    /// The member whose position it takes where positions are kept.
    public let anchor: Int
    /// Ascending.
    public let members: [Int]
    public let scale: Double

    public init(anchor: Int, members: [Int], scale: Double) {
      self.anchor = anchor
      self.members = members
      self.scale = scale
    }
  }

  /// Ascending.
  public let kept: [Int]
  /// They stand after the kept rows, in this order.
  public let merges: [Merge]

  public init(kept: [Int], merges: [Merge] = []) {
    self.kept = kept
    self.merges = merges
  }
}
