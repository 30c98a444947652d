/// Draws a map of numbers as a picture.
public enum HeatmapRenderer {
  /// `values` in raster order, rows · columns of them, each a square of `cellSize` pixels. The smallest finite value is
  /// near black, the largest pale yellow; values that are not finite are grey.
  public static func render(_ values: [Double], rows: Int, columns: Int, cellSize: Int) -> RGBImage {
    precondition(rows > 0 && columns > 0 && cellSize > 0, "a map has at least one cell")
    precondition(values.count == rows * columns, "a map of \(rows)×\(columns) has another number of values")
    let finite = values.filter(\.isFinite)
    let smallest = finite.min() ?? 0
    let range = (finite.max() ?? 0) - smallest
    var pixels: [UInt8] = []
    pixels.reserveCapacity(3 * values.count * cellSize * cellSize)
    for row in 0..<rows {
      var line: [UInt8] = []
      line.reserveCapacity(3 * columns * cellSize)
      for value in values[(row * columns)..<((row + 1) * columns)] {
        let colour = colour(value, smallest: smallest, range: range)
        for _ in 0..<cellSize { line.append(contentsOf: colour) }
      }
      for _ in 0..<cellSize { pixels.append(contentsOf: line) }
    }
    return RGBImage(width: columns * cellSize, height: rows * cellSize, pixels: pixels)
  }

  private static func colour(_ value: Double, smallest: Double, range: Double) -> [UInt8] {
    guard value.isFinite else { return [128, 128, 128] }
    let colour = ColourRamp.colour(at: range > 0 ? (value - smallest) / range : 0.5)
    return [colour.redByte, colour.greenByte, colour.blueByte]
  }
}
