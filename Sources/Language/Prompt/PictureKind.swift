/// What a picture is to the model, and so which placeholder stands for it.
public enum PictureKind: String, Sendable, Hashable, CaseIterable {
  case image
  /// Frames of one video.
  case video
}
