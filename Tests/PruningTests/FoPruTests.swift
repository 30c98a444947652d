import Basics
import TestSupport
import Testing

@testable import Pruning

@Suite struct `The strategy FoPru` {
  private func image(received: [Double], given: [Double], crops: Grid? = nil) -> SampleImage {
    Samples.image(Samples.tower(3, 4), crops: crops) { evidence, _ in
      evidence.patchMeans[6] = PatchMeans(received: received, given: given)
      evidence.patchLogitMeans[6] = PatchMeans(received: given, given: received)
    }
  }

  private let flat = [Double](repeating: 0.5, count: 12)
  private let rising = (0..<12).map { Double($0) }

  @Test func `the side that varies more decides`() throws {
    #expect(try Samples.kept("fopru", image(received: rising, given: flat), keep: "2") == [10, 11])
    #expect(try Samples.kept("fopru", image(received: flat, given: rising.reversed()), keep: "2") == [0, 1])
    #expect(try Samples.kept("fopru(score=logits)", image(received: flat, given: rising), keep: "2") == [10, 11])
  }

  @Test func `on a tie given decides`() throws {
    #expect(try Samples.kept("fopru", image(received: rising, given: rising.reversed()), keep: "1") == [0])
  }

  @Test(arguments: ["34%", "7", "4", "0.66", "11"])
  func `Rows are kept whole`(keep: String) throws {
    let kept = try Samples.kept("fopru(policy=row)", image(received: rising, given: flat), keep: keep)
    #expect(kept.count % 4 == 0)
    #expect(kept == Array(12 - kept.count..<12))
    #expect(kept.count == (keep == "11" ? 8 : 4))
  }

  @Test func `rows are a quarter of twenty four`() throws {
    let tower = Samples.tower(24, 24)
    let image = Samples.image(tower) { evidence, _ in
      evidence.patchMeans[6] = PatchMeans(
        received: Samples.noise(576, seed: 3).map { Double($0) }, given: [Double](repeating: 0, count: 576))
    }
    #expect(try Samples.kept("fopru(policy=row)", image, keep: "25%").count == 144)
  }

  @Test func `less than a row names the smallest budget`() {
    let image = image(received: rising, given: flat, crops: Grid(rows: 1, columns: 1))
    for (keep, budget) in [("7", Budget.count(7)), ("0.3", .ratio(0.3))] {
      #expect(throws: PruningError.budgetTooSmall(budget, smallest: 8, views: 2)) {
        try Samples.plan("fopru(policy=row)", image, keep: keep)
      }
    }
  }

  @Test(arguments: ["single", "wide-2x2", "plain", "ties", "given"])
  func `Probabilities vary more in what is received`(name: String) throws {
    let source = try TensorImage(path: GoldenCase.path("\(name).safetensors"))
    for tensor in source.file.entries.keys where tensor.hasPrefix("attention.") {
      let layer = try #require(Int(tensor.dropFirst("attention.".count)))
      for view in try source.image(for: [.patchMeans(layer: layer, scale: .softmax)]).views {
        guard case .means(let means)? = view[.patchMeans(layer: layer, scale: .softmax)] else {
          Issue.record("no means of block \(layer)")
          continue
        }
        if name == "ties" {
          #expect(FoPru.variance(means.received) == FoPru.variance(means.given))
        } else {
          #expect(FoPru.variance(means.received) > FoPru.variance(means.given))
        }
      }
    }
  }

  @Test func `variance is unbiased`() { #expect(FoPru.variance([1, 2, 3, 4]) == 5.0 / 3) }
}
