import Basics
import Foundation
import Kernels
import TestSupport
import Testing

@testable import Pruning

/// A video's projected rows, with what an independent NumPy implementation keeps of every frame:
/// `fixtures/generate/video_strategies.py`.
private struct VideoGolden: Decodable, Sendable, CustomTestStringConvertible {
  struct Case: Decodable, Sendable {
    let strategy: String
    let keep: String
    let kept: [[Int]]
  }

  let name: String
  let frames: Int
  let grid: [Int]
  let width: Int
  /// Times 256.
  let values: [Int]
  let cases: [Case]
  var testDescription: String { name }

  static let all: [VideoGolden] = {
    let url = URL(filePath: GoldenCase.path("video.json"))
    return (try? JSONDecoder().decode([VideoGolden].self, from: Data(contentsOf: url))) ?? []
  }()
}

@Suite struct `Strategies that compare a video's frames` {
  private func video(_ frames: [Matrix], _ grid: Grid, layout: ViewLayout? = nil) -> SampleImage {
    let picture = Samples.picture(
      Samples.tower(grid.rows, grid.columns), layout: layout ?? (frames.count > 1 ? .frames(frames.count) : .single))
    return Samples.image(picture) { evidence, view in evidence[.projected] = .matrix(frames[view]) }
  }

  private static let noise = (0..<4).map { Samples.matrix(24, 10, seed: UInt64($0)) }
  private static let grid = Grid(rows: 4, columns: 6)

  @Test func `there are 11 goldens`() { #expect(VideoGolden.all.flatMap(\.cases).count == 11) }

  @Test(arguments: VideoGolden.all)
  private func `keep what NumPy keeps`(_ golden: VideoGolden) throws {
    let count = golden.grid[0] * golden.grid[1] * golden.width
    let frames = (0..<golden.frames).map { frame in
      Matrix(
        rows: golden.grid[0] * golden.grid[1], columns: golden.width,
        values: golden.values[frame * count..<(frame + 1) * count].map { Float($0) / 256 })
    }
    let image = video(frames, Grid(rows: golden.grid[0], columns: golden.grid[1]))
    for example in golden.cases {
      let plan = try Samples.plan(example.strategy, image, keep: example.keep)
      #expect(plan.kept == example.kept, "\(example.strategy) \(example.keep)")
      let codes = example.kept.enumerated().flatMap { view, tokens in
        tokens.map { view * golden.grid[0] * golden.grid[1] + $0 }
      }
      #expect(plan.sequenceCodes == codes)
    }
  }

  @Test func `EVS keeps the first frame whole, and of a still one the earliest repeats`() throws {
    // Lengths that are exact, so that equal rows have changed by 0 and not by a rounding error.
    let exact = Matrix(rows: 24, columns: 10, values: (0..<240).map { $0 % 10 == $0 / 10 % 10 ? 2 : 0 })
    let still = video([Matrix](repeating: exact, count: 3), Self.grid)
    #expect(try Samples.plan("evs", still, keep: "30").kept == [Array(0..<24), Array(0..<6), []])
    #expect(try Samples.plan("evs", still, keep: "7").kept == [Array(0..<24), [], []])
    var moved = exact
    for cell in [3, 20] { for column in 0..<10 { moved[cell, column] = -moved[cell, column] } }
    let changing = video([exact, exact, moved], Self.grid)
    #expect(try Samples.plan("evs", changing, keep: "26").kept == [Array(0..<24), [], [3, 20]])
  }

  @Test func `VidCom2 gives like frames like shares, and another one more`() throws {
    let equal = video([Matrix](repeating: Self.noise[1], count: 4), Self.grid)
    #expect(try Samples.plan("vidcom2", equal, keep: "25%").kept.map(\.count) == [6, 6, 6, 6])
    #expect(VidCom2.shares(of: [0, 0], keeping: 0.5) == [0.5, 0.5])
    #expect(VidCom2.shares(of: [1, 0], keeping: 0.5)[0] > VidCom2.shares(of: [1, 0], keeping: 0.5)[1])
    #expect(VidCom2.shares(of: [1, 0], keeping: 0.9)[0] == 1)
    // Scales of rows do not matter, since each is divided by its length.
    let plan = try Samples.plan("vidcom2", video(Self.noise, Self.grid), keep: "30%")
    let doubled = Self.noise.map { Matrix(rows: 24, columns: 10, values: $0.values.map { 4 * $0 }) }
    #expect(try Samples.plan("vidcom2", video(doubled, Self.grid), keep: "30%") == plan)
  }

  @Test func `crops are refused, and a single picture by EVS`() throws {
    let crops = video(
      [Matrix](repeating: Self.noise[0], count: 3), Self.grid, layout: .thumbnailAndCrops(Grid(rows: 1, columns: 2)))
    for (name, image) in [("vidcom2", crops), ("evs", crops), ("evs", video([Self.noise[0]], Self.grid))] {
      let strategy = try StrategyCatalogue.standard.make(parsing: name)
      #expect(throws: PruningError.needsFrames(strategy: name)) {
        try StrategyRunner.evidence(for: strategy, of: image.picture, keeping: .ratio(0.5))
      }
      #expect(throws: PruningError.needsFrames(strategy: name)) { try Samples.plan(name, image, keep: "50%") }
    }
  }
}

@Suite struct `DART's schedule inside the decoder` {
  private func counts(_ spec: String, _ keep: String, rows: Int = 576, depth: Int = 32) throws -> [DecoderCut] {
    let decoder = DecoderDescription(depth: depth, heads: 8, frequencies: [1])
    return try DecoderPruningCatalogue.standard.make(parsing: spec)
      .cuts(keeping: try Budget(parsing: keep), of: rows, on: decoder)
  }

  @Test(arguments: [("192", 196), ("128", 132), ("64", 68), ("570", 572)])
  func `a final budget keeps what the authors' code keeps`(_ keep: String, _ count: Int) throws {
    #expect(try counts("dart(budget=final)", keep) == [DecoderCut(block: 2, count: count)])
  }

  @Test func `an average stays within the budget, down to the pivots alone`() throws {
    // ⌊(32·192 − 2·576) / 30⌋ = 166, of which 4 are pivots and 8 times int(162 / 8) = 20 are taken.
    #expect(try counts("dart", "192") == [DecoderCut(block: 2, count: 164)])
    #expect(try counts("dart", "40") == [DecoderCut(block: 2, count: 4)])
    #expect(throws: PruningError.budgetBelowSchedule(.count(39), strategy: "dart", smallest: 40)) {
      try counts("dart", "39")
    }
    #expect(throws: PruningError.cutOutsideDecoder(block: 2, strategy: "dart", depth: 2)) {
      try counts("dart", "100", depth: 2)
    }
    #expect(throws: PruningError.self) { try counts("dart(image_pivots=9)", "5", rows: 8) }
  }

  @Test func `on a file's tensors there is no average`() throws {
    let catalogue = StrategyCatalogue.standard
    #expect(try catalogue.make(parsing: "dart(budget=final)").onFiles != nil)
    #expect(try catalogue.make(parsing: "dart(budget=average)").onFiles == nil)
    #expect(try catalogue.make(parsing: "fastv").onFiles == nil)
    #expect(try catalogue.make(parsing: "uniform(keep=9) + dart").onFiles == nil)
  }
}
