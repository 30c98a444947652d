import Foundation
import Kernels
import Testing

@Suite struct `Rotation by a patch's row and column` {
  /// Angles up to 100 in float32 are off by 1e-5, and so are their cosines.
  @Test(arguments: [4, 8, 80])
  func `has the angles of its formula in double`(_ headWidth: Int) {
    let (rows, columns) = ([0, 0, 1, 36, 73], [0, 5, 1, 2, 99])
    let table = GridRotary(headWidth: headWidth, theta: 10_000).table(rows: rows, columns: columns)
    let (half, quarter) = (headWidth / 2, headWidth / 4)
    #expect(table.cosines.rows == 5 && table.cosines.columns == half)
    for patch in rows.indices {
      for pair in 0..<half {
        let line = pair < quarter ? rows[patch] : columns[patch]
        let angle = Double(line) * pow(10_000, -2 * Double(pair % quarter) / Double(half))
        #expect(abs(Double(table.cosines[patch, pair]) - cos(angle)) < 1e-5)
        #expect(abs(Double(table.sines[patch, pair]) - sin(angle)) < 1e-5)
      }
    }
  }
}
