import Images
import Pruning

/// Which patches of a picture were kept, for programs that draw them.
package struct KeptPicture: Encodable, Sendable {
  struct View: Encodable {
    /// Rows and columns.
    let grid: [Int]
    /// Patch indices, ascending.
    let kept: [Int]
    /// What the view shows of the picture, in its pixels: left, top, width, height. It may reach beyond the picture.
    let region: [Double]
  }

  /// Width and height in pixels.
  let size: [Int]
  let views: [View]
}

extension VisionLanguageModel {
  /// What a plan keeps of each view of a picture.
  package func kept(_ plan: ImagePlan, of picture: Picture, packing: ViewPacking) -> KeptPicture {
    let grids = family.describe(picture, packing: packing).grids
    let views = plan.views.indices.map { view in
      let region = picture.views[view].geometry.cells(rows: 1, columns: 1)[0]
      return KeptPicture.View(
        grid: [grids[view].rows, grids[view].columns], kept: plan.views[view].keptTokens.sorted(),
        region: [region.x, region.y, region.width, region.height])
    }
    return KeptPicture(size: [picture.image.width, picture.image.height], views: views)
  }
}
