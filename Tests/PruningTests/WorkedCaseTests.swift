import Foundation
import TestSupport
import Testing

@testable import Pruning

/// What the authors' own code keeps. The expected indices are facts; the inputs are reduced to what a strategy reads,
/// by `fixtures/generate/strategies_worked.py`, so that they could be committed.
@Suite struct `Worked cases by the authors' code` {
  static let cases = GoldenCase.all(in: "worked.json")

  @Test(arguments: cases)
  func `A strategy keeps and sends what its authors' code does`(golden: GoldenCase) throws {
    let strategy = try #require(try StrategyCatalogue.standard.make(parsing: golden.strategy).onFiles)
    let source = try ReducedImage(case: golden.image)
    let budget = try Budget(parsing: golden.keep)
    let image = try source.image(for: StrategyRunner.evidence(for: strategy, of: source.picture, keeping: budget))
    let plan = try StrategyRunner.plan(
      strategy, for: image.encoded, question: image.question, keeping: budget, seed: 0)
    #expect(plan.views.map(\.keptTokens) == golden.kept)
    #expect(plan.sequenceCodes == golden.sequence)
  }

  @Test(arguments: cases.filter { $0.merged != nil })
  func `Merged tokens have the members and the vectors of the authors' code`(golden: GoldenCase) throws {
    let strategy = try #require(try StrategyCatalogue.standard.make(parsing: golden.strategy).onFiles)
    let source = try ReducedImage(case: golden.image)
    let budget = try Budget(parsing: golden.keep)
    let image = try source.image(for: StrategyRunner.evidence(for: strategy, of: source.picture, keeping: budget))
    let plan = try StrategyRunner.plan(
      strategy, for: image.encoded, question: image.question, keeping: budget, seed: 0)
    // The cases have one view.
    let view = plan.views[0]
    let features = try source.rows("features", view: 0)
    // VisionZip sends the class token, of which the files have no features.
    let rows = view.applied(to: features, classToken: [Float](repeating: 0, count: features.columns))
    for merged in try #require(golden.merged) {
      let anchor = merged.target == -200 ? ViewPlan.mergedAnchor : merged.target
      let row = try #require(view.anchors.firstIndex(of: anchor), "\(merged.target)")
      let sources = view.sources[view.rowStarts[row]..<view.rowStarts[row + 1]]
      #expect(Set(sources).subtracting([merged.target]) == Set(merged.members))
      guard let first = merged.first, let sum = merged.sum, let squares = merged.squares else { continue }
      let values = rows.row(row).map { Double($0) }
      let found = values.prefix(first.count) + [values.reduce(0, +), values.reduce(0) { $0 + $1 * $1 }]
      for (found, expected) in zip(found, first + [sum, squares]) {
        // The authors' code ran in float32; the shared goldens state this tolerance.
        #expect(abs(found - expected) <= 1e-4 * max(1, abs(expected)), "\(merged.target)")
      }
    }
  }

  @Test
  func `Every case of every method that is built is here`() throws {
    let listed = try WorkedMethods.committed().built.values.joined().sorted()
    #expect(Self.cases.map(\.image).sorted() == listed)
    #expect(listed.count == 57)
  }

  @Test
  func `The catalogue has the methods that are listed as built, and none that waits`() throws {
    let names = Set(StrategyCatalogue.standard.everyName)
    let methods = try WorkedMethods.committed()
    #expect(Set(methods.built.keys.map(WorkedMethods.strategy)).isSubset(of: names))
    #expect(names.isDisjoint(with: methods.waiting.map(WorkedMethods.strategy)), "now built: give it its cases")
  }

  @Test(.enabled(if: SharedCase.file != nil, "needs ../shared/data/select/goldens.json"))
  func `The lists of methods are those of the shared cases`() throws {
    let shared = try SharedCase.all()
    let methods = try WorkedMethods.committed()
    #expect(Set(shared.map(\.method)) == Set(methods.built.keys).union(methods.waiting))
    for (method, cases) in methods.built {
      #expect(shared.filter { $0.method == method }.map(\.id).sorted() == cases.sorted(), "\(method)")
    }
    // The indices are copied, so a slip in copying would go unseen in a clone.
    let expected = Dictionary(uniqueKeysWithValues: shared.map { ($0.id, $0.expected) })
    for golden in Self.cases {
      #expect(golden.kept == expected[golden.image]?.views.map(\.kept), "\(golden)")
      #expect(golden.sequence == expected[golden.image]?.sequence, "\(golden)")
    }
  }
}

/// worked_methods.json: the methods of the shared cases, by hand. A new strategy's name moves to the other list.
private struct WorkedMethods: Decodable {
  /// Cases by method.
  let built: [String: [String]]
  let waiting: [String]

  static func committed() throws -> WorkedMethods {
    let url = URL(filePath: GoldenCase.path("worked_methods.json"))
    return try JSONDecoder().decode(WorkedMethods.self, from: Data(contentsOf: url))
  }

  /// The strategy of a method: HiPrune's code for Qwen is the same strategy on a tower that merges.
  static func strategy(of method: String) -> String { method == "hiprune-qwen" ? "hiprune" : method }
}

/// A case of ../shared/data/select/goldens.json.
private struct SharedCase: Decodable {
  struct Expected: Decodable {
    struct View: Decodable { let kept: [Int] }
    let views: [View]
    let sequence: [Int]
  }
  let id: String
  let method: String
  let expected: Expected

  static let file: URL? = Fixtures.sharedData?.appending(path: "select/goldens.json").existing

  static func all() throws -> [SharedCase] {
    struct File: Decodable { let cases: [SharedCase] }
    return try JSONDecoder().decode(File.self, from: Data(contentsOf: try #require(file))).cases
  }
}

extension URL {
  fileprivate var existing: URL? { FileManager.default.fileExists(atPath: path) ? self : nil }
}
