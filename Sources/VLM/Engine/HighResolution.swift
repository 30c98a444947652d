import Images
import Pruning
import ViT

/// What a family needs that reads pictures as a thumbnail and crops.
struct HighResolution: Sendable {
  let processor: AnyResolutionProcessor
  /// The separator behind each row of crops, [decoder width].
  let newline: [Float]

  /// The grid with the most crops.
  var largestGrid: PatchGrid {
    let grid = processor.grids.max { $0.rows * $0.columns < $1.rows * $1.columns } ?? CropGrid(rows: 1, columns: 1)
    return PatchGrid(rows: grid.rows, columns: grid.columns)
  }
}

/// What a family needs that reads videos.
struct VideoInput: Sendable {
  let tower: VisionTransformer
  /// The placeholder of a video.
  let token: Int
  let tokenText: String
  /// Frames that are read of a video.
  let frames: Int
}

extension VisionLanguageModel {
  /// The tower that reads pictures of a kind.
  func tower(for kind: PictureKind) -> VisionTransformer {
    switch kind {
    case .image: tower
    case .video: video?.tower ?? tower
    }
  }

  /// How the family sends everything of a picture.
  func unprunedPacking(of picture: Picture) -> ViewPacking {
    switch picture.layout {
    case .single: .spatial
    case .thumbnailAndCrops: .unpadded
    case .frames: .classTokens
    }
  }
}
