import Basics
import Foundation
import Kernels
import TestSupport
import Testing

@testable import VLM

/// `fixtures/generate/qwen_rules.py` made the ids with transformers' `get_rope_index`.
@Suite struct `Positions of Qwen-VL` {
  private struct Case: Decodable {
    let family: String
    let spans: [[Part]]
    /// Times, rows and columns.
    let ids: [[Int]]
    let next: Int
  }

  private enum Part: Decodable {
    case name(String)
    case number(Double)

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let name = try? container.decode(String.self) {
        self = .name(name)
      } else {
        self = .number(try container.decode(Double.self))
      }
    }

    var number: Double { if case .number(let number) = self { number } else { .nan } }
    var name: String { if case .name(let name) = self { name } else { "" } }
  }

  private static func cases() throws -> [Case] {
    try JSONDecoder().decode([Case].self, from: Data(contentsOf: Fixtures.url("golden/qwen/positions.json")))
  }

  private static func rule(of family: String) -> QwenNumbering {
    switch family {
    case "qwen2_5_vl": QwenNumbering(perSecond: 2)
    case "qwen2_5_vl at 4 a second": QwenNumbering(perSecond: 4)
    default: QwenNumbering(perSecond: nil)
    }
  }

  /// A span of the goldens, of which a row is kept if `keeps` says so.
  private static func span(_ parts: [Part], keeping keeps: (Int) -> Bool = { _ in true }) -> PromptSpan {
    let numbers = parts.dropFirst().map(\.number)
    if parts[0].name == "text" { return .text(Int(numbers[0])) }
    let isVideo = parts[0].name == "video"
    let sides = isVideo ? numbers[1...2] : numbers[0...1]
    let grid = Grid(rows: Int(sides[sides.startIndex]), columns: Int(sides[sides.startIndex + 1]))
    let views = isVideo ? Int(numbers[0]) : 1
    return .visual(
      VisualSpan(
        kind: isVideo ? .video : .image, places: (0..<views * grid.count).filter(keeps),
        unprunedLength: views * grid.count, grids: [Grid](repeating: grid, count: views),
        secondsPerView: isVideo ? numbers[3] : nil))
  }

  private func ids(_ positions: [Position]) -> [[Int]] {
    [positions.map(\.temporal), positions.map(\.height), positions.map(\.width)]
  }

  @Test func `are those of transformers, and so is the first new token's`() throws {
    let cases = try Self.cases()
    #expect(cases.count > 100 && Set(cases.map(\.family)).count == 4)
    for golden in cases {
      let found = Self.rule(of: golden.family).positions(of: golden.spans.map { Self.span($0) })
      #expect(ids(found.positions) == golden.ids, "\(golden.family): \(golden.spans)")
      #expect(found.next == Position(golden.next), "\(golden.family): \(golden.spans)")
    }
  }

  @Test(arguments: [1e30, 1e300, .infinity])
  func `stay whole numbers whatever the seconds between views are`(seconds: Double) {
    let grid = Grid(rows: 1, columns: 1)
    let span = VisualSpan(
      kind: .video, places: [0, 1], unprunedLength: 2, grids: [grid, grid], secondsPerView: seconds)
    let found = QwenNumbering(perSecond: 4).positions(of: [.visual(span)]).positions
    #expect(found.map(\.temporal) == [0, 1 << 24])
  }

  @Test func `are kept by the rows that remain, and new tokens go on as if nothing had been dropped`() throws {
    for golden in try Self.cases() {
      let keeps = { (place: Int) in place % 3 == 1 }
      let found = Self.rule(of: golden.family).positions(of: golden.spans.map { Self.span($0, keeping: keeps) })
      var kept: [Int] = []
      var start = 0
      for parts in golden.spans {
        switch Self.span(parts) {
        case .text(let count):
          kept += start..<start + count
          start += count
        case .visual(let span):
          kept += span.places.filter(keeps).map { start + $0 }
          start += span.unprunedLength
        }
      }
      #expect(ids(found.positions) == golden.ids.map { axis in kept.map { axis[$0] } }, "\(golden.spans)")
      #expect(found.next == Position(golden.next), "\(golden.spans)")
    }
  }
}
