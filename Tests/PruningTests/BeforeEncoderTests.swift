import Basics
import Kernels
import Testing

@testable import Pruning

@Suite struct `A decision before the tower` {
  /// Cells of one value each, written as rows of numbers from 0 to 9 that stand for tenths.
  private func cells(_ rows: String...) -> CellPixels {
    let digits = rows.map { $0.compactMap(\.wholeNumberValue) }
    let grid = Grid(rows: digits.count, columns: digits[0].count)
    return CellPixels(
      grid: grid, values: Matrix(rows: grid.count, columns: 1, values: digits.joined().map { Float($0) / 10 }))
  }

  private func picture(_ pixels: [CellPixels]) -> PictureDescription {
    let tower = Samples.tower(pixels[0].grid.rows, pixels[0].grid.columns, classToken: false, merge: 2)
    return Samples.picture(tower, layout: pixels.count == 1 ? .single : .frames(pixels.count))
  }

  private func plan(_ spec: String, _ pixels: [CellPixels], keep: String = "adaptive") throws -> ImagePlan {
    let strategy = try StrategyCatalogue.standard.make(parsing: spec)
    return try #require(strategy as? any BeforeEncoderPruning)
      .plan(picture(pixels), pixels: pixels, keeping: try Budget(parsing: keep))
  }

  private func error(_ body: () throws -> Void) -> PruningError? {
    do { try body() } catch { return error as? PruningError }
    return nil
  }

  @Test func `keeps the first cell alone of a flat view`() throws {
    #expect(try plan("pixelprune", [cells("555", "555", "555")]).kept == [[0]])
  }

  @Test func `predicts from the left, and from above along an edge that runs downwards`() throws {
    // In the second row, the third cell is predicted from above, since the corner equals the left cell.
    #expect(try plan("pixelprune", [cells("1177", "1177")]).kept == [[0, 2]])
    // Without such an edge the left cell predicts: the new value spreads to the right.
    #expect(try plan("pixelprune", [cells("1111", "1333")]).kept == [[0, 5]])
    // The first column is predicted from above.
    #expect(try plan("pixelprune", [cells("12", "12", "32")]).kept == [[0, 1, 4, 5]])
  }

  @Test func `compares with what is shown in place of dropped cells, so that errors do not add up`() throws {
    // Each cell is within 0.15 of its neighbour, but the third is 0.2 away from the first, which stands for the second.
    #expect(try plan("pixelprune(threshold=0.15)", [cells("01234")]).kept == [[0, 2, 4]])
  }

  @Test func `measures distances by the metric`() throws {
    let values: [Float] = [0, 0, 0, 0, 0, 0, 0, 0.8]
    let pixels = [CellPixels(grid: Grid(rows: 1, columns: 2), values: Matrix(rows: 2, columns: 4, values: values))]
    // Largest 0.8, mean 0.2, root mean square 0.4.
    for (metric, distance) in [("max", 0.8), ("mae", 0.2), ("rmse", 0.4)] {
      func count(_ threshold: Double) throws -> Int {
        try plan("pixelprune(metric=\(metric), threshold=\(threshold))", pixels).keptTokens
      }
      #expect(try count(distance - 0.01) == 2 && count(distance + 0.01) == 1, "\(metric)")
    }
  }

  @Test func `fits a budget with one threshold for all views`() throws {
    let pixels = [cells("0000", "0009"), cells("0246", "8999")]
    #expect(try plan("pixelprune", pixels).kept == [[0, 7], [0, 1, 2, 3, 4, 5]])
    let kept = try plan("pixelprune", pixels, keep: "5")
    #expect(kept.keptTokens <= 5 && kept.kept[0] == [0, 7] && kept.kept[1].count > 1)
    #expect(try plan("pixelprune", pixels, keep: "2").kept == [[0], [0]])
    // Exact repeats are dropped whatever the budget, and nothing else if that suffices.
    #expect(try plan("pixelprune", pixels, keep: "15").keptTokens == 8)
    #expect(try plan("pixelprune", pixels, keep: "50%").keptTokens == 8)
  }

  @Test func `refuses fewer tokens than views, and a threshold beside a number of tokens`() throws {
    let pixels = [cells("01"), cells("01")]
    #expect(
      error { _ = try plan("pixelprune", pixels, keep: "1") } == .budgetTooSmall(.count(1), smallest: 2, views: 2))
    let both = try #require(error { _ = try plan("pixelprune(threshold=0.1)", pixels, keep: "3") })
    #expect(both.message == "strategy pixelprune: threshold=0.1 is not auto beside a number of tokens")
    #expect(both.isUsageError)
    #expect(error { _ = try StrategyCatalogue.standard.make(parsing: "pixelprune(threshold=1.5)") } != nil)
  }

  @Test func `spells out its options, which read back as what they were`() throws {
    for (written, canonical) in [
      ("pixelprune", "pixelprune(threshold=auto, metric=max)"),
      ("pixelprune(metric=rmse,threshold=0.05)", "pixelprune(threshold=0.05, metric=rmse)"),
    ] {
      let strategy = try StrategyCatalogue.standard.make(parsing: written)
      let spec = try strategy.resolved(on: Samples.description(classToken: false, merge: 2)).description
      #expect(spec == canonical)
      let again = try StrategyCatalogue.standard.make(parsing: spec)
      #expect(try again.resolved(on: Samples.description(classToken: false, merge: 2)).description == spec)
    }
  }

  @Test func `cannot be made from an encoded picture`() throws {
    let image = Samples.image(Samples.tower(classToken: false, merge: 2))
    let error = try #require(error { _ = try Samples.plan("pixelprune", image, keep: "5") })
    #expect(error == .needsPixels(strategy: "pixelprune") && error.isUsageError)
  }

  @Test func `gives a plan that counts among the tokens that were encoded`() throws {
    let plan = try plan("pixelprune", [cells("1177", "1179")])
    let counted = plan.counted(among: plan.kept)
    #expect(plan.kept == [[0, 2, 7]] && counted.views[0].sources == [0, 1, 2])
    #expect(counted.views[0].anchors == [0, 2, 7] && counted.sequence == plan.sequence)
    let rows = Matrix(rows: 3, columns: 2, values: [1, 2, 3, 4, 5, 6])
    #expect(counted.applied(to: [rows]).rows == rows)
  }
}
