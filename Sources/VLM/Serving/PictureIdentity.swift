import Basics

/// Identifies a picture by its content and processing, safely even where somebody wants two to be taken for one:
/// SHA-256 over the pixels that the tower reads, and all else that an answer depends on.
struct PictureIdentity: Sendable, Hashable {
  /// 64 hexadecimal digits.
  let digest: String

  init(_ picture: Picture) {
    var facts = [
      "\(picture.kind.rawValue) \(picture.imageSize.width)x\(picture.imageSize.height) \(picture.digest)",
      "\(picture.layout)",
    ]
    for (view, grid) in zip(picture.views, picture.patchGrids) {
      let pixels = view.pixels.values.withUnsafeBytes { SHA256.hexadecimal($0) }
      facts.append("\(grid.rows)x\(grid.columns) \(pixels)")
    }
    digest = SHA256.hexadecimal(facts.joined(separator: "\n").utf8)
  }
}
