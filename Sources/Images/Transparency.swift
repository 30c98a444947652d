/// What becomes of transparency, for which there is no single truth.
public enum Transparency: Sendable {
  /// Alpha is ignored, as `Image.convert("RGB")` of Pillow does.
  case dropped
  /// Pixels are blended with white, as `convert_to_rgb` of transformers 5 does when it is handed a picture with alpha.
  case overWhite
}
