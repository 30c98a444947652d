/// How transparency is handled: there is no single right way.
public enum Transparency: Sendable {
  /// Alpha is ignored, and a colour that the file names as clear becomes white, as with `load_image` of transformers 5
  /// followed by an image processor. The first makes RGB and remembers the colour, the second paints it.
  case asLoaded
  /// Alpha is ignored, as `Image.convert("RGB")` of Pillow does. This is what `load_image` gives a processor whose
  /// `do_convert_rgb` is false.
  case dropped
  /// Pixels are blended with white, as `convert_to_rgb` of transformers 5 does for a picture with alpha.
  case overWhite

  /// CPNG's number for it.
  var rule: Int32 {
    switch self {
    case .dropped: 0
    case .overWhite: 1
    case .asLoaded: 2
    }
  }
}
