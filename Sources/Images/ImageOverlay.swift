/// Shows on a picture which patches a strategy kept: those stay bright, framed and tinted by score; dropped ones turn
/// dark and grey; what the model never saw is darker still.
public struct ImageOverlay: Sendable {
  /// Small pictures are enlarged by a whole factor until their longer side has at least this many pixels.
  public var smallestLongerSide = 672

  public init() {}

  /// `picture` is the upright original, `cells` what each patch covers of it (`ProcessedGeometry.cells`), `kept`
  /// indices into `cells`, `scores` one number per cell: the higher, the warmer. Colours go by rank among the kept,
  /// because attention is so uneven that a linear scale would show one bright patch. `outlines` are drawn last: the
  /// edges where crops meet.
  public func render(
    picture: RGBImage, cells: [PictureRectangle], kept: Set<Int>, scores: [Double]? = nil,
    outlines: [PictureRectangle] = []
  ) -> RGBImage {
    precondition(kept.allSatisfy(cells.indices.contains), "a kept patch has no cell")
    precondition(scores == nil || scores?.count == cells.count, "there must be one score per cell")
    let longerSide = max(picture.width, picture.height)
    let factor = max((smallestLongerSide + longerSide - 1) / longerSide, 1)
    let base =
      factor == 1
      ? picture
      : picture.resized(width: picture.width * factor, height: picture.height * factor, filter: .bicubic)
    var canvas = OverlayCanvas(base: base)
    let areas = cells.map { PixelArea($0, factor: Double(factor), width: base.width, height: base.height) }
    let levels = scores.map { Self.levels($0, kept: kept) }

    canvas.darken(PixelArea(width: base.width, height: base.height), greyShare: 1, brightness: 0.16)
    for index in cells.indices where !kept.contains(index) {
      canvas.darken(areas[index], greyShare: 0.85, brightness: 0.36)
    }
    // Kept patches come last: where views overlap, they win.
    for index in kept.sorted() {
      let level = levels.map { $0[index] }
      canvas.frame(areas[index], colour: Self.frameColour(level), tint: level == nil ? 0 : 0.3)
    }
    for outline in outlines {
      canvas.outline(PixelArea(outline, factor: Double(factor), width: base.width, height: base.height))
    }
    return canvas.picture
  }

  /// The warm two thirds of the ramp: a kept patch must not look dark.
  private static func frameColour(_ level: Double?) -> Colour {
    ColourRamp.colour(at: level.map { 0.35 + 0.65 * $0 } ?? 0.85)
  }

  /// Ranks of the kept scores from 0 to 1; equal scores share a rank, and NaN is coldest.
  private static func levels(_ scores: [Double], kept: Set<Int>) -> [Double] {
    let comparable = scores.map { $0.isNaN ? -Double.infinity : $0 }
    let distinct = Set(kept.map { comparable[$0] }).sorted()
    var ranks: [Double: Int] = [:]
    for (rank, score) in distinct.enumerated() { ranks[score] = rank }
    let highest = Double(max(distinct.count - 1, 1))
    return comparable.map { distinct.count == 1 ? 1 : Double(ranks[$0] ?? 0) / highest }
  }
}
