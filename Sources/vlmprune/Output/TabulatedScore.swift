import Evaluation
import Foundation

/// A score that people read as a table.
protocol TabulatedScore: Encodable {
  /// Rows of cells, the first of them names.
  var table: [[String]] { get }
}

extension POPEScore: TabulatedScore {
  var table: [[String]] {
    [["category", "accuracy %", "precision %", "recall %", "F1 %", "yes %", "n"]]
      + categories.sorted { $0.key < $1.key }.map { name, split in
        [name] + [split.accuracy, split.precision, split.recall, split.f1, split.yesRatio].map(percent) + ["\(split.n)"]
      }
      + [["mean", "", "", "", percent(score), "", "\(categories.values.reduce(0) { $0 + $1.n })"]]
  }
}

extension MMEScore: TabulatedScore {
  var table: [[String]] {
    [["task", "score", "accuracy %", "both right %", "n"]]
      + (Self.perceptionTasks + Self.cognitionTasks).compactMap { name in
        tasks[name].map { [name, number($0.score), percent($0.accuracy), percent($0.accuracyPlus), "\($0.n)"] }
      }
      + [["perception", number(perception)], ["cognition", number(cognition)]]
  }
}

extension ScienceQAScore: TabulatedScore {
  var table: [[String]] {
    [["questions", "accuracy %"], ["all", percent(accuracy)], ["about a picture", percent(imageAccuracy)]]
      + [["right", "\(correct) of \(n)"]]
  }
}

extension GradeScore: TabulatedScore {
  var table: [[String]] {
    [["category", "\(metric) %", "n"]]
      + categories.sorted { $0.key < $1.key }.map { [$0.key, percent($0.value.accuracy), "\($0.value.n)"] }
      + [["overall", percent(score), "\(n)"]]
  }
}

private func percent(_ share: Double?) -> String { share.map { String(format: "%.2f", $0 * 100) } ?? "–" }

private func number(_ value: Double) -> String { String(format: "%.2f", value) }
