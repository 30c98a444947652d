import Foundation
import Images
import VLM

/// `inspect --heatmap`: for each block, what every patch receives: the mean over heads and queries of its column.
enum HeatmapPictures {
  private static let cellSize = 16

  static func write(_ recorder: InspectionRecorder, model: VisionLanguageModel, to folder: String) throws {
    try OutputFolder.make(folder)
    let grid = model.description.grid
    let prefix = model.tower.configuration.prefixTokens
    for view in 0..<recorder.viewCount {
      for layer in 0..<model.description.depth {
        guard let maps = recorder.attention(view: view, layer: layer) else { continue }
        var received = [Double](repeating: 0, count: maps.columns)
        for row in 0..<maps.rows {
          for (column, value) in maps.row(row).enumerated() { received[column] += Double(value) }
        }
        let means = received.dropFirst(prefix).map { $0 / Double(maps.rows) }
        let picture = HeatmapRenderer.render(means, rows: grid.rows, columns: grid.columns, cellSize: cellSize)
        let name = String(format: recorder.viewCount > 1 ? "view\(view)-block-%02d.png" : "block-%02d.png", layer)
        try OutputFile.write(PNGEncoder.encode(picture), to: "\(folder)/\(name)")
      }
    }
  }
}
