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
  mutating func darken(_ area: PixelArea, greyShare: Float, brightness: Float) {
    let colourShare = brightness * (1 - greyShare)
    change(area) { old in
      let grey = old.luminance * greyShare * brightness
      return Colour(
        red: grey + old.red * colourShare, green: grey + old.green * colourShare, blue: grey + old.blue * colourShare)
    }
  }

  private mutating func restore(_ area: PixelArea) {
    change(area) { $0 }
  }

  /// Puts the untouched picture back, tinted lightly, with a line inside the area's edges.
  mutating func frame(_ area: PixelArea, colour: Colour, tint: Float) {
    let shorter = min(area.columns.count, area.rows.count)
    // Neighbours each draw a line, together a tenth of a cell. Cells of few pixels get none, because little else would
    // be visible.
    let line = shorter < 6 ? 0 : max(shorter / 20, 1)
    let inner = PixelArea(
      columns: (area.columns.lowerBound + line)..<max(area.columns.upperBound - line, area.columns.lowerBound + line),
      rows: (area.rows.lowerBound + line)..<max(area.rows.upperBound - line, area.rows.lowerBound + line))
    if line > 0 { blend(area, colour, share: 0.85) }
    restore(inner)
    if tint > 0 { blend(inner, colour, share: tint) }
  }

  /// A white line inside the area's edges.
  mutating func outline(_ area: PixelArea) {
    let line = max(min(area.columns.count, area.rows.count) / 150, 1)
    let white = Colour(red: 255, green: 255, blue: 255)
    let edges = [
      PixelArea(columns: area.columns.prefix(line), rows: area.rows),
      PixelArea(columns: area.columns.suffix(line), rows: area.rows),
      PixelArea(columns: area.columns, rows: area.rows.prefix(line)),
      PixelArea(columns: area.columns, rows: area.rows.suffix(line)),
    ]
    for edge in edges { blend(edge, white, share: 0.9) }
  }

  private mutating func blend(_ area: PixelArea, _ colour: Colour, share: Float) {
    change(area) { $0.mixed(with: colour, share: share) }
  }

  /// Replaces each pixel of an area by a function of the untouched picture's pixel. Inlined, because calls for every
  /// pixel of a large photograph take a second.
  @inline(__always)
  private mutating func change(_ area: PixelArea, _ transform: (Colour) -> Colour) {
    let width = base.width
    base.pixels.withUnsafeBufferPointer { old in
      pixels.withUnsafeMutableBufferPointer { new in
        for row in area.rows {
          for column in area.columns {
            let position = 3 * (row * width + column)
            let colour = transform(
              Colour(red: Float(old[position]), green: Float(old[position + 1]), blue: Float(old[position + 2])))
            new[position] = colour.redByte
            new[position + 1] = colour.greenByte
            new[position + 2] = colour.blueByte
          }
        }
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
