import Foundation
import TestSupport
import Testing

@testable import Pruning

/// What the authors' own code keeps. The expected indices are committed; the inputs are made by a generator that is not
/// ours to commit, so these run only beside it.
@Suite("Worked cases by the authors' code", .serialized) struct WorkedCaseTests {
  static let cases = GoldenCase.all(in: "worked.json")
  static let generator = Fixtures.sharedData?.appending(path: "select/gen.py").path
  static let canGenerate =
    generator.map { FileManager.default.fileExists(atPath: $0) } == true && (try? run(["-c", "import numpy"])) == 0

  @Test func everyCaseIsRead() { #expect(Self.cases.count == 23) }

  /// Skipped with their names for as long as there are any.
  @Test(.disabled(if: !waiting.isEmpty, "no strategy yet for: \(waiting.joined(separator: ", "))"))
  func everyCaseHasItsStrategy() { #expect(Self.waiting.isEmpty) }

  private static let waiting = cases.filter { !exists($0) }.map(\.image)

  @Sendable private static func exists(_ golden: GoldenCase) -> Bool {
    (try? WrittenSpec(parsing: golden.strategy)).map { StrategyCatalogue.standard.names.contains($0.name) } ?? false
  }

  @Test(
    .enabled(if: canGenerate, "needs ../shared/data/select/gen.py and python3 with numpy"),
    arguments: cases.filter(exists))
  func aStrategyKeepsAndSendsWhatItsAuthorsCodeDoes(_ golden: GoldenCase) throws {
    let strategy = try StrategyCatalogue.standard.make(parsing: golden.strategy)
    let path = FileManager.default.temporaryDirectory
      .appendingPathComponent("worked-\(UUID().uuidString).safetensors").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try #require(try Self.run([try #require(Self.generator), golden.image, path]) == 0)

    let source = try TensorImage(path: path)
    let budget = try Budget(parsing: golden.keep)
    let evidence = try StrategyRunner.evidence(
      for: strategy, of: source.picture, keeping: budget)
    let image = try source.image(for: evidence)
    let plan = try StrategyRunner.plan(
      strategy, for: image.encoded, question: image.question, keeping: budget, seed: 0)
    #expect(plan.kept == golden.kept)
    #expect(plan.sequenceCodes == golden.sequence)
  }

  private static func run(_ arguments: [String]) throws -> Int32 {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3"] + arguments
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus
  }
}
