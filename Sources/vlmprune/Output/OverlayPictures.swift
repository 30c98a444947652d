import Basics
import Foundation
import Images
import Pruning
import VLM

/// The pictures of `--overlay`: one per picture, NAME.png or NAME-1.png, NAME-2.png, ….
enum OverlayPictures {
  /// Endings of names that promise another format than PNG.
  private static let otherFormats: Set = [
    "jpg", "jpeg", "jpe", "jfif", "webp", "gif", "bmp", "tif", "tiff", "svg", "pdf", "heic", "heif", "avif", "ppm",
  ]

  /// Refuses a name that says another format than is written.
  static func checkFormat(of path: String) throws {
    let ending = URL(fileURLWithPath: path).pathExtension
    guard otherFormats.contains(ending.lowercased()) else { return }
    throw CommandFailure.usage(
      "--overlay \(path) is named as .\(ending), and a PNG file would be written",
      hint: "give a name that ends in .png")
  }

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
      let description = model.family.describe(pictures[index], packing: .spatial)
      let image = draw(pictures[index], plan: answer.plans[index], grids: description.grids)
      try OutputFile.write(PNGEncoder.encode(image), to: path)
    }
  }

  /// One panel for a single view; the thumbnail's and the crops' side by side; a sheet of a video's frames.
  static func draw(_ picture: Picture, plan: ImagePlan, grids: [Grid]) -> RGBImage {
    let drawing = Drawing(picture: picture, plan: plan, grids: grids)
    switch picture.layout {
    case .single: return drawing.panel(of: picture.image, views: 0..<1)
    case .thumbnailAndCrops(let crops):
      return RGBImage.sheet(
        [
          drawing.panel(of: picture.image, views: 0..<1),
          drawing.panel(of: picture.image, views: 1..<1 + crops.count, outlined: true),
        ], columns: 2)
    case .frames:
      let frames = picture.frames.enumerated().map { number, frame in
        let view = number / picture.framesPerView
        return drawing.panel(of: frame, views: view..<view + 1)
      }
      return RGBImage.sheet(frames, columns: 4)
    }
  }

  /// What is needed to draw one picture.
  private struct Drawing {
    let picture: Picture
    let plan: ImagePlan
    /// Of each view, after merging.
    let grids: [Grid]

    /// The kept patches of some views over an image, and the edges of the views when asked for.
    func panel(of image: RGBImage, views: Range<Int>, outlined: Bool = false) -> RGBImage {
      let geometries = views.map { picture.views[$0].geometry }
      var kept: Set<Int> = []
      var first = 0
      for view in views {
        let part = plan.views[view]
        // A row without a place stands for what was dropped.
        for row in 0..<part.rows where part.anchors[row] > ViewPlan.mergedAnchor {
          for source in part.sources[part.rowStarts[row]..<part.rowStarts[row + 1]] where source >= 0 {
            kept.insert(first + source)
          }
        }
        first += grids[view].count
      }
      return ImageOverlay().render(
        picture: image,
        cells: views.flatMap {
          geometries[$0 - views.lowerBound].cells(rows: grids[$0].rows, columns: grids[$0].columns)
        },
        kept: kept,
        scores: plan.scores.isEmpty ? nil : views.flatMap { plan.scores[$0] },
        outlines: outlined ? geometries.flatMap { $0.cells(rows: 1, columns: 1) } : [])
    }
  }
}
