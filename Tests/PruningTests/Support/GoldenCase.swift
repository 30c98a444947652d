import Foundation
import Testing

/// One line of cases.json or worked.json: what a strategy keeps of an image.
struct GoldenCase: Decodable, Sendable, CustomTestStringConvertible {
  let image: String
  let strategy: String
  let keep: String
  let kept: [[Int]]
  let sequence: [Int]
  /// Downsampling: the tokens that each cell averages.
  let members: [[Int]]?

  var testDescription: String { "\(strategy) keeping \(keep) of \(image)" }

  /// Empty when the file cannot be read: a test counts them.
  static func all(in file: String) -> [GoldenCase] {
    guard let data = FileManager.default.contents(atPath: Fixtures.strategies + file) else { return [] }
    return (try? JSONDecoder().decode([GoldenCase].self, from: data)) ?? []
  }
}

enum Fixtures {
  static let root =
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path + "/"
  static let strategies = root + "fixtures/golden/strategies/"
}
