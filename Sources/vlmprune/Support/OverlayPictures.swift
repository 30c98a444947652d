import Foundation
import Images
import Pruning
import VLM

/// The pictures of `--overlay`: one a picture, NAME.png or NAME-1.png, NAME-2.png, ….
enum OverlayPictures {
  static func paths(_ path: String, count: Int) -> [String] {
    guard count > 1 else { return [path] }
    let url = URL(fileURLWithPath: path)
    let suffix = url.pathExtension.isEmpty ? "" : ".\(url.pathExtension)"
    let stem = path.dropLast(suffix.count)
    return (1...count).map { "\(stem)-\($0)\(suffix)" }
  }

  /// Draws every picture's plan and writes the files.
  static func write(
    _ answer: Answer, of pictures: [Picture], model: VisionLanguageModel, to path: String
  ) throws {
    for (index, path) in paths(path, count: pictures.count).enumerated() {
      let image = draw(pictures[index], plan: answer.visual[index].plan, grid: model.description.grid)
      try OutputFile.write(PNGEncoder.encode(image), to: path)
    }
  }

  private static func draw(_ picture: Picture, plan: ImagePlan, grid: PatchGrid) -> RGBImage {
    let cells = picture.views[0].geometry.cells(rows: grid.rows, columns: grid.columns)
    return ImageOverlay().render(
      picture: picture.image, cells: cells, kept: Set(plan.views[0].sources.filter { $0 >= 0 }),
      scores: plan.scores.first)
  }
}
