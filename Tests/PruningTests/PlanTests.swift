import Basics
import Foundation
import Testing

@testable import Pruning

@Suite struct `Plans` {
  private func picture(_ grid: Grid, layout: ViewLayout = .single) -> PictureDescription {
    Samples.picture(SampleTower(description: Samples.description(), patchGrid: grid), layout: layout)
  }

  private let two = ViewPlan(keeping: [0, 2])
  private let inOrder: [SequenceItem] = [.row(view: 0, row: 0), .row(view: 0, row: 1)]

  private func plan(
    _ view: ViewPlan, _ sequence: [SequenceItem]? = nil, limit: Int = 9, count: ImagePlan.Count = .withinBudget,
    weights: ImagePlan.Weights = .normalised, scores: [[Double]] = []
  ) throws(PruningError) -> ImagePlan {
    try ImagePlan(
      views: [view], sequence: sequence ?? (0..<view.rows).map { .row(view: 0, row: $0) }, tokens: [4],
      limit: limit, count: count, weights: weights, scores: scores)
  }

  @Test func `a plan that keeps the rules is made`() throws {
    #expect(try plan(two, limit: 2).keptTokens == 2)
    #expect(try plan(ViewPlan(keeping: []), limit: 0).keptTokens == 0)
    #expect(try plan(two, scores: [[1, 2, 3, 4]]).scores == [[1, 2, 3, 4]])
    #expect(try plan(ViewPlan(keeping: [ViewPlan.classSource, 1])).keptTokens == 2)
  }

  @Test(
    arguments: [
      ViewPlan(keeping: [4]), ViewPlan(keeping: [-2]),
      ViewPlan(rowStarts: [0, 2], sources: [0, 1], weights: [0.5, 0.5], anchors: [4]),
      ViewPlan(rowStarts: [0, 1], sources: [0, 1], weights: [0.5, 0.5], anchors: [0]),
      ViewPlan(rowStarts: [0, 1, 2], sources: [0, 1], weights: [1, 1], anchors: [0]),
      ViewPlan(rowStarts: [0, 0, 1], sources: [0], weights: [1], anchors: [0, 1]),
      ViewPlan(rowStarts: [1, 2], sources: [0, 1], weights: [1, 1], anchors: [0]),
      ViewPlan(rowStarts: [0, 1], sources: [0], weights: [], anchors: [0]),
      ViewPlan(rowStarts: [0, 2], sources: [0, 1], weights: [0.5, 0.4], anchors: [0]),
      ViewPlan(rowStarts: [0, 1], sources: [0], weights: [.nan], anchors: [0]),
    ])
  func `a broken view is refused`(view: ViewPlan) {
    #expect(throws: PruningError.self) { try plan(view) }
  }

  @Test func `sums that are not averages must be declared`() throws {
    let sum = ViewPlan(rowStarts: [0, 2], sources: [0, 1], weights: [1, 1], anchors: [0])
    #expect(throws: PruningError.invalidPlan("view 0: row 0 sums to 2.0, not to 1")) { try plan(sum) }
    #expect(try plan(sum, weights: .unnormalised).weights == .unnormalised)
  }

  @Test func `every row is sent once`() {
    #expect(throws: PruningError.invalidPlan("a kept row is not in the sequence")) {
      try plan(two, [.row(view: 0, row: 0)])
    }
    #expect(throws: PruningError.invalidPlan("row 0 of view 0 does not exist or is sent twice")) {
      try plan(two, inOrder + [.row(view: 0, row: 0)])
    }
    #expect(throws: PruningError.invalidPlan("row 0 of view 1 does not exist or is sent twice")) {
      try plan(two, inOrder + [.row(view: 1, row: 0)])
    }
  }

  @Test func `more rows than the budget must be declared`() throws {
    #expect(throws: PruningError.invalidPlan("2 rows exceed the budget of 1")) { try plan(two, limit: 1) }
    #expect(try plan(two, limit: 1, count: .adaptive).keptTokens == 2)
  }

  @Test(arguments: [[[1, 2, 3]], [[1, 2, 3, 4], [1, 2, 3, 4]]] as [[[Double]]])
  func `scores are for every token or for none`(scores: [[Double]]) {
    #expect(throws: PruningError.invalidPlan("scores are not one for each token of 1 views")) {
      try plan(two, scores: scores)
    }
  }

  @Test func `codes name tokens separators and class tokens`() throws {
    let plan = try ImagePlan(
      views: [ViewPlan(keeping: [3]), ViewPlan(keeping: [ViewPlan.classSource, 1])],
      sequence: [.row(view: 1, row: 1), .separator, .row(view: 1, row: 0), .row(view: 0, row: 0)], tokens: [4, 4],
      limit: 3)
    #expect(plan.sequenceCodes == [5, -1, -101, 3])
  }

  @Test func `everything is sent in the raster of the crop grid`() {
    let grid = Grid(rows: 2, columns: 2)
    #expect(ImagePlan.dense(of: picture(grid)).sequenceCodes == [0, 1, 2, 3])
    let dense = ImagePlan.dense(
      of: picture(grid, layout: .thumbnailAndCrops(Grid(rows: 1, columns: 2))))
    #expect(dense.sequenceCodes == [0, 1, 2, 3, 4, 5, 8, 9, 6, 7, 10, 11])
    #expect(dense.kept == [[0, 1, 2, 3], [0, 1, 2, 3], [0, 1, 2, 3]])
  }

  @Test func `a report names what is sent and what is merged`() throws {
    let plan = try ImagePlan(
      views: [
        ViewPlan(keeping: [2, 0]), ViewPlan(rowStarts: [0, 2], sources: [1, 3], weights: [0.25, 0.75], anchors: [3]),
      ], sequence: [.row(view: 0, row: 0), .row(view: 0, row: 1), .separator, .row(view: 1, row: 0)], tokens: [4, 4],
      limit: 3)
    let report = SelectionReport(of: plan, strategy: StrategySpec(name: "x", options: ["a": "1"]))
    #expect(report.strategy == "x(a=1)")
    #expect(report.visualTokens == 8)
    #expect(report.keptTokens == 3)
    #expect(report.views == [.init(view: 0, kept: [2, 0]), .init(view: 1, kept: [3])])
    #expect(report.sequence == [2, 0, -1, 7])
    #expect(report.merges == [.init(anchor: 7, sources: [5, 7], weights: [0.25, 0.75])])
  }

  @Test func `a report is written with the keys of the contract`() throws {
    let plan = ImagePlan.dense(of: picture(Grid(rows: 1, columns: 2)))
    let report = SelectionReport(of: plan, strategy: StrategySpec(name: "none", options: []))
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    #expect(
      String(decoding: try encoder.encode(report), as: UTF8.self)
        == """
        {"kept_tokens":2,"merges":[],"sequence":[0,1],"strategy":"none",\
        "views":[{"kept":[0,1],"view":0}],"visual_tokens":2}
        """)
  }
}
