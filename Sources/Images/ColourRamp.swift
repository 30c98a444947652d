/// A perceptual colour ramp from near black over purple and orange to pale yellow ("inferno" of matplotlib, sampled at
/// nine points): lightness rises evenly, so that it reads the same in grey and to colour-blind eyes.
enum ColourRamp {
  private static let stops: [(red: Double, green: Double, blue: Double)] = [
    (0, 0, 4), (31, 12, 72), (85, 15, 109), (136, 34, 106), (186, 54, 85), (227, 89, 51), (249, 140, 10),
    (249, 201, 50), (252, 255, 164),
  ]

  /// The colour at a level from 0 to 1; levels outside are clamped, and NaN is 0.
  static func colour(at level: Double) -> (red: Double, green: Double, blue: Double) {
    let bounded = level > 0 ? min(level, 1) : 0
    let place = bounded * Double(stops.count - 1)
    let lower = min(Int(place), stops.count - 2)
    let share = place - Double(lower)
    let (from, to) = (stops[lower], stops[lower + 1])
    return (
      from.red + (to.red - from.red) * share, from.green + (to.green - from.green) * share,
      from.blue + (to.blue - from.blue) * share
    )
  }
}
