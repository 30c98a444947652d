import Foundation
import TestSupport
import Testing

/// One line of cases.json or worked.json: what a strategy keeps of an image.
struct GoldenCase: Decodable, Sendable, CustomTestStringConvertible {
  let image: String
  /// The image whose input this one shares; nil: it has its own.
  let input: String?
  let strategy: String
  let keep: String
  let kept: [[Int]]
  let sequence: [Int]
  /// Downsampling: the tokens that each cell averages.
  let members: [[Int]]?
  /// What is merged, and facts of the merged vectors.
  let merged: [Merged]?

  struct Merged: Decodable, Sendable {
    /// Its code in the sequence.
    let target: Int
    /// Tokens that are merged into it, in any order.
    let members: [Int]
    /// The first elements of the vector, and sums over all of them.
    let first: [Double]?
    let sum: Double?
    let squares: Double?
  }

  var testDescription: String { "\(strategy) keeping \(keep) of \(image)" }

  /// Empty when the file cannot be read: a test counts them.
  static func all(in file: String) -> [GoldenCase] {
    guard let data = FileManager.default.contents(atPath: path(file)) else { return [] }
    return (try? JSONDecoder().decode([GoldenCase].self, from: data)) ?? []
  }

  /// A file of `fixtures/golden/strategies/`.
  static func path(_ file: String) -> String { Fixtures.url("golden/strategies/\(file)").path }
}
