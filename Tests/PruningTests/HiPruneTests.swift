import Kernels
import Testing

@testable import Pruning

@Suite struct `The strategy HiPrune` {
  private func strategy(_ options: String = "") throws -> HiPrune {
    try #require(try StrategyCatalogue.standard.make(parsing: "hiprune(\(options))") as? HiPrune)
  }

  @Test(arguments: [
    ("0.1", 192, 4), ("0.1", 128, 3), ("0.1", 64, 1), ("0.1", 25, 0), ("0.1", 26, 1), ("0.1", 75, 2), ("0.1", 125, 2),
    ("0.1", 1, 0), ("0.5", 64, 6), ("1", 8, 1), ("1", 13, 2), ("1", 10, 2), ("1", 4, 0), ("0", 576, 0),
  ])
  func `Anchors are round(N'·α/5), half to even, and fit the budget`(alpha: String, share: Int, count: Int) throws {
    #expect(try strategy("alpha=\(alpha)").anchorCount(keeping: share) == count)
  }

  /// One anchor at `anchor`; the registers come from the end.
  private func keptAround(_ anchor: Int, _ options: String, keep: Int = 5) throws -> [Int] {
    let tower = Samples.tower(4, 6)
    var early = [Double](repeating: 1, count: 24)
    early[anchor] = 2
    let image = Samples.received(early: early, late: (0..<24).map { Double($0) }, on: tower)
    return try Samples.kept("hiprune(alpha=1\(options))", image, keep: "\(keep)")
  }

  @Test(arguments: [
    (8, [2, 7, 8, 9, 14]), (6, [0, 5, 6, 7, 12]), (11, [5, 10, 11, 12, 17]), (0, [0, 1, 6, 22, 23]),
    (23, [17, 20, 21, 22, 23]), (3, [0, 2, 3, 4, 9]), (20, [14, 19, 20, 21, 23]), (1, [0, 1, 2, 7, 23]),
  ])
  func `Neighbours run on across row ends and stop at the corners, as the released code has it`(
    anchor: Int, kept: [Int]
  ) throws { #expect(try keptAround(anchor, "") == kept) }

  @Test(arguments: [
    (8, [2, 7, 8, 9, 14]), (6, [0, 6, 7, 12, 23]), (11, [5, 10, 11, 17, 23]), (0, [0, 1, 6, 22, 23]),
    (3, [2, 3, 4, 9, 23]), (20, [14, 19, 20, 21, 23]),
  ])
  func `Neighbours stay in the grid when asked to`(anchor: Int, kept: [Int]) throws {
    #expect(try keptAround(anchor, ", neighbours=grid") == kept)
  }

  @Test(arguments: 0..<24, [5, 6, 9, 23])
  func `Exactly the budget is kept for every place of the anchor`(anchor: Int, keep: Int) throws {
    for options in ["", ", neighbours=grid"] {
      let kept = try keptAround(anchor, options, keep: keep)
      #expect(kept.count == keep)
      #expect(Set(kept).count == keep)
      #expect(kept == kept.sorted())
    }
  }

  @Test func `merged towers may pick a token twice unless told`() throws {
    let tower = Samples.tower(4, 6, depth: 4, merge: 2)
    var early = [Double](repeating: 1, count: 24)
    early[8] = 2
    // Column sums that exceed the penalty of 1: tokens 8 and 9 stay on top of all others.
    var late = (0..<24).map { Double($0) / 100 }
    late[8] = 3
    late[9] = 2.5
    let image = Samples.received(early: early, late: late, on: tower)
    #expect(try Samples.kept("hiprune(alpha=0.7)", image, keep: "7") == [2, 7, 8, 9, 14])
    #expect(try Samples.kept("hiprune(alpha=0.7, registers=distinct)", image, keep: "7") == [2, 7, 8, 9, 14, 22, 23])
  }

  @Test func `merged towers round a ratio and others drop the fraction`() throws {
    let scores = (0..<24).map { Double($0) }
    for (merge, count) in [(1, 8), (2, 9)] {  // 0.36 · 24 = 8.64
      let tower = Samples.tower(4, 6, merge: merge)
      let image = Samples.received(early: scores, late: scores, on: tower)
      #expect(try Samples.kept("hiprune(registers=distinct)", image, keep: "36%").count == count)
    }
  }

  @Test func `equal scores go to the lower index`() throws {
    let even = [Double](repeating: 1, count: 24)
    let image = Samples.received(early: even, late: even, on: Samples.tower(4, 6))
    #expect(try Samples.kept("hiprune", image, keep: "4") == [0, 1, 2, 3])
  }

  @Test func `the deep scores are shown`() throws {
    let late = (0..<24).map { Double($0) }
    let image = Samples.received(early: late, late: late, on: Samples.tower(4, 6))
    let scores = try Samples.plan("hiprune", image, keep: "4").scores
    #expect(scores == [late.map { $0 / 25 }])
  }

  @Test func `more tokens come from the text and are counted on top`() throws {
    let tower = Samples.tower(1, 6, classToken: false)
    let projected = Matrix(rows: 6, columns: 2, values: [1, 0, 1, 0.1, 0, 1, 0.2, 1, 1, 1, 0, -1])
    let image = Samples.image(tower, text: Matrix(rows: 2, columns: 2, values: [2, 1, -2, 3])) { evidence, _ in
      for layer in 0..<tower.depth { evidence.receivedFromAll[layer] = [9, 8, 0, 0, 0, 0] }
      evidence[.textSpace] = .matrix(projected)
    }
    let plan = try Samples.plan("hiprune++(beta=1)", image, keep: "2")
    #expect(plan.kept == [[0, 1, 2, 3]])
    #expect(plan.count == .adaptive)
    #expect(try Samples.kept("hiprune++(beta=0.25)", image, keep: "2") == [0, 1])  // round(0.5) = 0
    #expect(try Samples.kept("hiprune++(beta=0.5)", image, keep: "3") == [0, 1, 2, 3, 4])
  }

  @Test func `text must be there and of the same width`() throws {
    let tower = Samples.tower(1, 6)
    func image(_ text: Matrix?) -> SampleImage {
      Samples.image(tower, text: text) { evidence, _ in
        for layer in 0..<tower.depth { evidence.receivedFromAll[layer] = [9, 8, 0, 0, 0, 0] }
        evidence[.textSpace] = .matrix(Matrix(rows: 6, columns: 2))
      }
    }
    #expect(throws: PruningError.missingQuestionEvidence(.embeddings)) {
      try Samples.plan("hiprune++", image(nil), keep: "2")
    }
    #expect(
      throws: PruningError.malformedEvidence(
        .textSpace, view: 0, expected: "3 wide, as the text is", found: "2 wide")
    ) { try Samples.plan("hiprune++", image(Matrix(rows: 1, columns: 3)), keep: "2") }
  }
}
