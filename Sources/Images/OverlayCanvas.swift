/// Whole pixels of a canvas; empty where a rectangle lies outside of it.
struct PixelArea {
  let columns: Range<Int>
  let rows: Range<Int>

  init(width: Int, height: Int) {
    columns = 0..<width
    rows = 0..<height
  }

  /// A rectangle enlarged by a factor, its edges rounded so that neighbours meet without a gap.
  init(_ rectangle: PictureRectangle, factor: Double, width: Int, height: Int) {
    columns = Self.range(rectangle.x, rectangle.width, factor, width)
    rows = Self.range(rectangle.y, rectangle.height, factor, height)
  }

  private static func range(_ start: Double, _ length: Double, _ factor: Double, _ size: Int) -> Range<Int> {
    func bounded(_ edge: Double) -> Int { Int(min(max((edge * factor).rounded(), 0), Double(size))) }
    let first = bounded(start)
    return first..<max(bounded(start + length), first)
  }
}

/// The pixels that an overlay is drawn on, with the untouched picture beside them.
struct OverlayCanvas {
  private let base: RGBImage
  private var pixels: [UInt8]

  init(base: RGBImage) {
    self.base = base
    pixels = base.pixels
  }

  var picture: RGBImage { RGBImage(width: base.width, height: base.height, pixels: pixels) }

  /// Mixes the untouched picture with its luminance and dims it.
  mutating func darken(_ area: PixelArea, greyShare: Double, brightness: Double) {
    change(area) { colour in
      let grey = 0.299 * colour.red + 0.587 * colour.green + 0.114 * colour.blue
      func mixed(_ value: Double) -> Double { (grey * greyShare + value * (1 - greyShare)) * brightness }
      return (mixed(colour.red), mixed(colour.green), mixed(colour.blue))
    }
  }

  private mutating func restore(_ area: PixelArea) {
    change(area) { $0 }
  }

  /// Puts the untouched picture back, tinted lightly, with a line inside the area's edges.
  mutating func frame(_ area: PixelArea, colour: (red: Double, green: Double, blue: Double), tint: Double) {
    let shorter = min(area.columns.count, area.rows.count)
    // A line of one pixel in fourteen; cells of few pixels get none, or nothing else would be seen of them.
    let line = shorter < 6 ? 0 : max(shorter / 14, 1)
    let inner = PixelArea(
      columns: (area.columns.lowerBound + line)..<max(area.columns.upperBound - line, area.columns.lowerBound + line),
      rows: (area.rows.lowerBound + line)..<max(area.rows.upperBound - line, area.rows.lowerBound + line))
    if line > 0 { blend(area, colour, share: 0.85) }
    restore(inner)
    if tint > 0 { blend(inner, colour, share: tint) }
  }

  private mutating func blend(
    _ area: PixelArea, _ colour: (red: Double, green: Double, blue: Double), share: Double
  ) {
    change(area) { old in
      (
        old.red + (colour.red - old.red) * share, old.green + (colour.green - old.green) * share,
        old.blue + (colour.blue - old.blue) * share
      )
    }
  }

  /// Replaces each pixel of an area by a function of the untouched picture's pixel.
  private mutating func change(
    _ area: PixelArea,
    _ transform: ((red: Double, green: Double, blue: Double)) -> (red: Double, green: Double, blue: Double)
  ) {
    for row in area.rows {
      for column in area.columns {
        let position = 3 * (row * base.width + column)
        let colour = transform(
          (Double(base.pixels[position]), Double(base.pixels[position + 1]), Double(base.pixels[position + 2])))
        pixels[position] = UInt8(colour.red.rounded())
        pixels[position + 1] = UInt8(colour.green.rounded())
        pixels[position + 2] = UInt8(colour.blue.rounded())
      }
    }
  }
}

extension PixelArea {
  init(columns: Range<Int>, rows: Range<Int>) {
    self.columns = columns
    self.rows = rows
  }
}
