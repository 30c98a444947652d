import Testing

@testable import Pruning

@Suite("Patch grids") struct PatchGridTests {
  @Test("A grid is read as it is written", arguments: [(24, 24), (1, 576), (65_536, 1)])
  func read(rows: Int, columns: Int) {
    let grid = PatchGrid(rows: rows, columns: columns)
    #expect(PatchGrid(parsing: grid.description) == grid)
    #expect(grid.count == rows * columns)
  }

  @Test(
    "Anything else is no grid",
    arguments: ["", "x", "24", "24x", "x24", "0x4", "4x0", "-1x4", "+4x4", "04x4", "4x4x4", "4 x 4", "4X4", "65537x1"])
  func refused(text: String) { #expect(PatchGrid(parsing: text) == nil) }

  @Test func cropsLieInOneRasterAndAClassTokenBehindIt() {
    let crops = PatchGrid(rows: 2, columns: 3)
    let grid = PatchGrid(rows: 4, columns: 5)
    #expect(crops.place(of: 0, inCrop: 0, grid: grid) == 0)
    #expect(crops.place(of: 4, inCrop: 2, grid: grid) == 14)
    #expect(crops.place(of: 5, inCrop: 1, grid: grid) == 20)
    #expect(crops.place(of: 19, inCrop: 5, grid: grid) == 119)
    #expect(crops.place(of: ViewPlan.classSource, inCrop: 4, grid: grid) == 124)
  }
}
