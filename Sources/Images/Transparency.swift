/// What becomes of transparency, for which there is no single truth.
public enum Transparency: Sendable {
  /// Alpha is ignored, and a colour that the file names as clear becomes white: what `load_image` of transformers 5,
  /// followed by an image processor, does. The first makes RGB and remembers the colour, the second paints it.
  case asLoaded
  /// Alpha is ignored, as `Image.convert("RGB")` of Pillow does.
  case dropped
  /// Pixels are blended with white, as `convert_to_rgb` of transformers 5 does when it is handed a picture with alpha.
  case overWhite

  /// The number by which CPNG knows it.
  var rule: Int32 {
    switch self {
    case .dropped: 0
    case .overWhite: 1
    case .asLoaded: 2
    }
  }
}
