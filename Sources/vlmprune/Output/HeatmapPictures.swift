import Foundation
import Images
import Pruning
import VLM

/// `inspect --heatmap`: for each block, what every patch receives: the mean over heads and queries of its column.
enum HeatmapPictures {
  private static let cellSize = 16

  static func write(_ inspection: Inspection, picture: PictureDescription, to folder: String) throws {
    try OutputFolder.make(folder)
    for layer in 0..<picture.tower.depth {
      let name = "vision.attention.\(String(format: "%02d", layer))"
      guard let maps = inspection[name] else { continue }
      let (views, tokens) = (maps.shape[0], maps.shape[3])
      let queries = maps.shape[1] * tokens
      for view in 0..<views {
        var received = [Double](repeating: 0, count: tokens)
        for row in view * queries..<(view + 1) * queries {
          for column in 0..<tokens { received[column] += Double(maps.floats[row * tokens + column]) }
        }
        let grid = picture.patchGrids[view]
        let means = picture.inRaster(received.dropFirst(tokens - grid.count).map { $0 / Double(queries) }, view: view)
        let image = HeatmapRenderer.render(means, rows: grid.rows, columns: grid.columns, cellSize: cellSize)
        let file = String(format: views > 1 ? "view\(view)-block-%02d.png" : "block-%02d.png", layer)
        try OutputFile.write(PNGEncoder.encode(image), to: "\(folder)/\(file)")
      }
    }
  }
}
