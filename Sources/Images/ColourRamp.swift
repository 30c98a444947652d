/// A colour whose channels run from 0 to 255, with fractions while it is being mixed.
struct Colour {
  var red: Float
  var green: Float
  var blue: Float

  /// Perceived brightness (ITU-R BT.601), 0 to 255.
  var luminance: Float { 0.299 * red + 0.587 * green + 0.114 * blue }

  var redByte: UInt8 { Self.byte(red) }
  var greenByte: UInt8 { Self.byte(green) }
  var blueByte: UInt8 { Self.byte(blue) }

  func mixed(with other: Colour, share: Float) -> Colour {
    Colour(
      red: red + (other.red - red) * share, green: green + (other.green - green) * share,
      blue: blue + (other.blue - blue) * share)
  }

  /// Mixing keeps channels inside 0 to 255.
  private static func byte(_ channel: Float) -> UInt8 { UInt8(channel + 0.5) }
}

/// A perceptual colour ramp from near black over purple and orange to pale yellow ("inferno" of matplotlib, sampled at
/// nine points): lightness rises evenly, so that it reads the same in grey and to colour-blind eyes.
enum ColourRamp {
  private static let stops = [
    Colour(red: 0, green: 0, blue: 4), Colour(red: 31, green: 12, blue: 72), Colour(red: 85, green: 15, blue: 109),
    Colour(red: 136, green: 34, blue: 106), Colour(red: 186, green: 54, blue: 85),
    Colour(red: 227, green: 89, blue: 51),
    Colour(red: 249, green: 140, blue: 10), Colour(red: 249, green: 201, blue: 50),
    Colour(red: 252, green: 255, blue: 164),
  ]

  /// The colour at a level from 0 to 1; levels outside are clamped, and NaN is 0.
  static func colour(at level: Double) -> Colour {
    let bounded = level > 0 ? min(level, 1) : 0
    let place = bounded * Double(stops.count - 1)
    let lower = min(Int(place), stops.count - 2)
    return stops[lower].mixed(with: stops[lower + 1], share: Float(place - Double(lower)))
  }
}
