import Basics
import Testing

@testable import Evaluation

/// Intervals hold what they promise on invented runs whose truth is known.
@Suite
struct `Coverage of 95 % intervals` {
  private static let runs = 600
  private static let truth = (dense: 0.8, kept: 0.9)

  /// A run: the dense setting is right with 80 %, the pruned one keeps 90 % of that. All questions of an image share
  /// their luck with some chance.
  private func run(images: Int, questions: Int, sharing: Double, _ random: inout SeededGenerator) throws -> GradedRun {
    func uniform() -> Double { Double(random.next() >> 11) / 9007199254740992 }
    var builder = GradedRunBuilder(file: "a")
    for image in 0..<images {
      let (common, commonLoss) = (uniform(), uniform())
      for question in 0..<questions {
        let luck = uniform() < sharing ? common : uniform()
        let loss = uniform() < sharing ? commonLoss : uniform()
        let isRight = luck < Self.truth.dense
        for (strategy, grade) in [("none", isRight), ("fopru", isRight && loss < Self.truth.kept)] {
          let row = RunRow(
            question: .number(image * questions + question), image: "\(image)", strategy: strategy, keep: "all",
            correct: grade ? 1 : 0)
          try builder.add(row, line: 1)
        }
      }
    }
    return try builder.run()
  }

  private func coverage(
    images: Int, questions: Int, sharing: Double, cluster: StatisticsOptions.Cluster
  ) throws -> Double {
    var random = SeededGenerator(seed: 11, digest: 0)
    var covered = 0
    for seed in 0..<Self.runs {
      let run = try run(images: images, questions: questions, sharing: sharing, &random)
      let options = StatisticsOptions(seed: UInt64(seed), replicates: 600, cluster: cluster)
      let report = try StatisticsReport(run, options: options, file: "a")
      let interval = try #require(report.rows[1].overall.retainedInterval)
      covered += interval.contains(Self.truth.kept) ? 1 : 0
    }
    return Double(covered) / Double(Self.runs)
  }

  @Test
  func `questions that are independent are covered by drawing questions`() throws {
    let share = try coverage(images: 300, questions: 1, sharing: 0, cluster: .question)
    #expect((0.93...0.97).contains(share), "\(share)")
  }

  @Test
  func `questions of one image that share their luck need images to be drawn`() throws {
    let byImage = try coverage(images: 120, questions: 5, sharing: 0.7, cluster: .image)
    #expect((0.93...0.97).contains(byImage), "\(byImage)")
    let byQuestion = try coverage(images: 120, questions: 5, sharing: 0.7, cluster: .question)
    #expect(byQuestion < 0.9, "\(byQuestion)")
  }
}
