import Basics
import Kernels
import Testing

@testable import Pruning

@Suite struct `Applying a plan` {
  @Test func `kept rows are copied bit for bit`() throws {
    var features = Samples.matrix(24, 5, seed: 4)
    features[3, 0] = -0.0
    features[3, 1] = .leastNonzeroMagnitude
    let kept = ViewPlan(keeping: [3, 3, 0]).applied(to: features)
    #expect(kept.values.map(\.bitPattern) == [3, 3, 0].flatMap { features.row($0).map(\.bitPattern) })
  }

  @Test func `keeping all is the whole matrix bit for bit`() {
    let features = Samples.matrix(24, 5, seed: 4)
    let dense = ImagePlan.dense(of: Samples.picture())
    #expect(dense.applied(to: [features]).rows == features)
  }

  @Test func `merged rows are weighted sums`() {
    let features = Matrix(rows: 3, columns: 2, values: [1, 2, 3, 4, 5, 6])
    let plan = ViewPlan(rowStarts: [0, 1, 3], sources: [2, 0, 1], weights: [1, 0.25, 0.75], anchors: [2, 0])
    #expect(plan.applied(to: features) == Matrix(rows: 2, columns: 2, values: [5, 6, 2.5, 3.5]))
  }

  @Test func `the class token is a source`() throws {
    let plan = try ImagePlan(
      views: [ViewPlan(keeping: [1, ViewPlan.classSource])], sequence: [.row(view: 0, row: 1), .row(view: 0, row: 0)],
      tokens: [2], limit: 2)
    let applied = plan.applied(
      to: [Matrix(rows: 2, columns: 1, values: [1, 2])], classTokens: Matrix(rows: 1, columns: 1, values: [9]))
    #expect(applied.rows.values == [9, 2])
  }

  @Test func `rows follow the sequence and separators are reported`() throws {
    let plan = try ImagePlan(
      views: [ViewPlan(keeping: [0, 1]), ViewPlan(keeping: [1])],
      sequence: [.row(view: 0, row: 1), .separator, .row(view: 1, row: 0), .row(view: 0, row: 0), .separator],
      tokens: [2, 2], limit: 3)
    let applied = plan.applied(to: [
      Matrix(rows: 2, columns: 1, values: [1, 2]), Matrix(rows: 2, columns: 1, values: [3, 4]),
    ])
    #expect(applied.rows.values == [2, 4, 1])
    #expect(applied.separators == [1, 4])
  }

  @Test func `positions are renumbered or kept`() throws {
    let image = Samples.image(Samples.tower(2, 2), crops: Grid(rows: 1, columns: 2))
    let dense = ImagePlan.dense(of: image.picture)
    let plan = try ImagePlan(
      arranging: [ViewPlan(keeping: [3]), ViewPlan(keeping: [0, 2]), ViewPlan(keeping: [1])], of: image.picture,
      limit: 4)
    #expect(plan.positions(.renumbered, before: dense) == [0, 1, 2, 3])
    #expect(plan.positions(.original, before: dense) == [3, 4, 7, 8])
    #expect(dense.positions(.original, before: dense) == Array(0..<12))
  }

  @Test func `separators keep their numbers too`() throws {
    let dense = try ImagePlan(
      views: [ViewPlan(keeping: [0, 1, 2, 3])],
      sequence: [
        .row(view: 0, row: 0), .row(view: 0, row: 1), .separator, .row(view: 0, row: 2), .row(view: 0, row: 3),
        .separator,
      ], tokens: [4], limit: 4)
    let plan = try ImagePlan(
      views: [ViewPlan(keeping: [1, 3])],
      sequence: [.row(view: 0, row: 0), .separator, .row(view: 0, row: 1), .separator, .separator], tokens: [4],
      limit: 2)
    #expect(plan.positions(.original, before: dense) == [1, 2, 4, 5, 5])
  }
}
