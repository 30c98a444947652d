/// What became of a prompt's visual rows inside the decoder: what reports and `inspect` show.
public struct DecoderPruningRecord: Sendable, Hashable {
  /// The visual rows of one cut.
  public struct Cut: Sendable, Hashable {
    /// The first block that runs without the dropped rows.
    public let block: Int
    /// By picture, what is left, in the order of the sequence: view · N + patch, −1 a separator, −200 − m the m-th
    /// merged row of this prompt, where codes that the prompt's own rows have (−300, a row of zeros) are left out.
    public let kept: [[Int]]
    /// The merged rows that this cut made: each one's code with the codes of its members, in the order of the sequence.
    public let merged: [Merged]
  }

  public struct Merged: Sendable, Hashable {
    public let code: Int
    public let members: [Int]
  }

  /// By picture: its rows in the prompt, then after each cut.
  private var rows: [[Int]]
  /// The same without separators and class tokens.
  private var tokens: [[Int]]
  /// By picture: rows of the prompt whose attention decides.
  public let raters: [[Int]]
  public private(set) var cuts: [Cut] = []
  private var pending: [Merged] = []
  private var nextCode: Int
  /// Codes of the prompt's rows that a merged row must not share.
  private let taken: Set<Int>

  /// - Parameters:
  ///   - codes: of each picture's rows in the prompt.
  ///   - fusedBefore: merged rows that were made before the decoder.
  init(of codes: [[Int]], raters: [[Int]], fusedBefore: Int = 0) {
    nextCode = -200 - fusedBefore
    rows = codes.map { [$0.count] }
    tokens = codes.map { [Self.tokens(among: $0)] }
    self.raters = raters
    taken = Set(codes.joined().filter { $0 <= -200 })
  }

  /// Patches and merged rows: budgets and reports count neither separators (−1) nor class tokens (−100 − view).
  private static func tokens(among codes: [Int]) -> Int { codes.count { $0 >= 0 || $0 <= -200 } }

  /// Numbers new merged rows.
  /// - Returns: their codes.
  mutating func merge(_ members: [[Int]]) -> [Int] {
    members.map { members in
      while taken.contains(nextCode) { nextCode -= 1 }
      let merged = Merged(code: nextCode, members: members)
      nextCode -= 1
      pending.append(merged)
      return merged.code
    }
  }

  /// Ends a cut.
  mutating func keep(_ codes: [[Int]], before block: Int) {
    cuts.append(Cut(block: block, kept: codes, merged: pending))
    pending = []
    for (picture, codes) in codes.enumerated() {
      rows[picture].append(codes.count)
      tokens[picture].append(Self.tokens(among: codes))
    }
  }

  /// The visual rows that each of `depth` blocks runs on, all pictures together.
  public func rowsPerBlock(depth: Int) -> [Int] { perBlock(rows, depth: depth) }

  /// The same without separators and class tokens: visual tokens as reports count them.
  public func tokensPerBlock(depth: Int) -> [Int] { perBlock(tokens, depth: depth) }

  private func perBlock(_ counts: [[Int]], depth: Int) -> [Int] {
    (0..<depth).map { block in
      let stage = cuts.count { $0.block <= block }
      return counts.reduce(0) { $0 + $1[stage] }
    }
  }
}
