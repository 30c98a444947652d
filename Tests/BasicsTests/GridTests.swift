import Basics
import Testing

@Suite struct `Grids` {
  @Test(arguments: [(24, 24), (1, 576), (65_536, 1)])
  func `A grid is read as it is written`(rows: Int, columns: Int) {
    let grid = Grid(rows: rows, columns: columns)
    #expect(Grid(parsing: grid.description) == grid)
    #expect(grid.count == rows * columns)
  }

  @Test(arguments: [
    "", "x", "24", "24x", "x24", "0x4", "4x0", "-1x4", "+4x4", "04x4", "4x4x4", "4 x 4", "4X4", "65537x1",
  ])
  func `Anything else is no grid`(text: String) { #expect(Grid(parsing: text) == nil) }
}
