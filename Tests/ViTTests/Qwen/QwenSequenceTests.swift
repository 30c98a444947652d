import Basics
import Testing

@testable import ViT

@Suite struct `The order of a Qwen tower's patches` {
  /// Window after window in raster order, by padding the grid to whole windows, as the reference describes it.
  private func padded(_ cells: Grid, side: Int) -> [[Int]] {
    var windows: [[Int]] = []
    for top in stride(from: 0, to: cells.rows + side, by: side) {
      for left in stride(from: 0, to: cells.columns + side, by: side) {
        var window: [Int] = []
        for row in top..<top + side {
          for column in left..<left + side where row < cells.rows && column < cells.columns {
            window.append(row * cells.columns + column)
          }
        }
        if !window.isEmpty { windows.append(window) }
      }
    }
    return windows
  }

  static let grids = [(8, 8), (10, 6), (2, 2), (2, 20), (74, 74), (4, 2)].map { Grid(rows: $0.0, columns: $0.1) }

  private func configuration(window: Int?) throws -> QwenVisionConfiguration {
    var configuration = try QwenModel.qwen25.configuration()
    configuration.windowCells = window
    return configuration
  }

  @Test(arguments: grids, [1, 2, 3, 4])
  func `is window after window, a merge group's patches together`(_ grid: Grid, _ side: Int) throws {
    let sequence = QwenSequence(try configuration(window: side), patchGrid: grid)
    let cells = Grid(rows: grid.rows / 2, columns: grid.columns / 2)
    let windows = padded(cells, side: side)
    let order = windows.flatMap { $0 }
    #expect(sequence.tokens == cells.count && sequence.patches == grid.count)
    // Places of raster cells: the inverse of the order.
    #expect(sequence.order.indices.allSatisfy { order[sequence.order[$0]] == $0 })
    #expect(sequence.windows.map(\.count) == windows.map { $0.count * 4 })
    #expect(sequence.windows.first?.lowerBound == 0)
    for (place, cell) in order.enumerated() {
      for patch in 0..<4 {
        #expect(sequence.rows[place * 4 + patch] == cell / cells.columns * 2 + patch / 2)
        #expect(sequence.columns[place * 4 + patch] == cell % cells.columns * 2 + patch % 2)
      }
    }
  }

  @Test func `is raster order and one window without windows`() throws {
    let sequence = QwenSequence(try configuration(window: nil), patchGrid: Grid(rows: 4, columns: 6))
    #expect(sequence.order == Array(0..<6))
    #expect(sequence.windows == [0..<24])
    #expect(sequence.rows == [0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 2, 2, 3, 3, 2, 2, 3, 3, 2, 2, 3, 3])
    #expect(sequence.columns == [0, 1, 0, 1, 2, 3, 2, 3, 4, 5, 4, 5, 0, 1, 0, 1, 2, 3, 2, 3, 4, 5, 4, 5])
  }

  /// A grid of 3×5 cells in windows of 2×2: cells 2, 3, 7, 8 are one window, 4 and 9 another, and 10, 11 a third.
  @Test func `leaves dropped cells out, and windows keep the others`() throws {
    let grid = Grid(rows: 6, columns: 10)
    let sequence = QwenSequence(try configuration(window: 2), patchGrid: grid, kept: [2, 4, 7, 9, 11])
    #expect(sequence.windows == [0..<8, 8..<16, 16..<20])
    #expect(sequence.order == [0, 2, 1, 3, 4])
    #expect(sequence.rows[4..<8] == [2, 2, 3, 3] && sequence.columns[4..<8] == [4, 5, 4, 5])
    #expect(sequence.patchOrder == [0, 1, 2, 3, 8, 9, 10, 11, 4, 5, 6, 7, 12, 13, 14, 15, 16, 17, 18, 19])
  }
}

@Suite struct `Learned positions of any grid` {
  @Test func `lie between two lines of the table, corners at corners`() {
    func taps(_ index: Int, _ count: Int, _ side: Int) -> [QwenPositions.Tap] {
      QwenPositions.taps(index, of: count, side: side)
    }
    #expect(taps(0, 5, 5) == [.init(line: 0, weight: 1), .init(line: 1, weight: 0)])
    #expect(taps(3, 5, 5) == [.init(line: 3, weight: 1), .init(line: 4, weight: 0)])
    // The last line has no next one.
    #expect(taps(4, 5, 5) == [.init(line: 4, weight: 1), .init(line: 4, weight: 0)])
    #expect(taps(1, 3, 4) == [.init(line: 1, weight: 0.5), .init(line: 2, weight: 0.5)])
    #expect(taps(0, 1, 48) == [.init(line: 0, weight: 1), .init(line: 1, weight: 0)])
    #expect(taps(1, 2, 48) == [.init(line: 47, weight: 1), .init(line: 47, weight: 0)])
  }
}
