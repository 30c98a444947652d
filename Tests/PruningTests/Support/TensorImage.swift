import Basics
import Checkpoint
import Kernels
import Testing

@testable import Pruning

/// Makes an `EncodedImage` of a tensor file with plain loops: a second way beside the one that the program uses.
struct TensorImage {
  let file: TensorFile
  let tower: TowerDescription
  let picture: PictureDescription
  var layout: ViewLayout { picture.layout }

  init(path: String) throws {
    file = try TensorFile(path: path)
    let fields = file.metadata
    func grid(_ key: String) -> Grid? { fields[key].flatMap { Grid(parsing: $0) } }
    func number(_ key: String) throws -> Int { try #require(fields[key].flatMap { Int($0) }) }
    let size = try #require(grid("image_size"))
    tower = TowerDescription(
      depth: try number("depth"), featureLayer: try number("feature_layer"),
      hasClassToken: fields["class_token"] == "true", merge: grid("merge") ?? Grid(rows: 1, columns: 1))
    picture = Samples.picture(
      SampleTower(description: tower, patchGrid: try #require(grid("grid"))),
      layout: grid("crop_grid").map { .thumbnailAndCrops($0) } ?? .single,
      size: PixelSize(width: size.rows, height: size.columns), digest: 0)
  }

  func image(for evidence: Evidence) throws -> SampleImage {
    var views: [ViewEvidence] = []
    for view in 0..<layout.views {
      var found: ViewEvidence = [:]
      for kind in evidence.kinds { found[kind] = try value(of: kind, view: view) }
      views.append(found)
    }
    var question: QuestionEvidence = [:]
    if evidence.question.contains(.embeddings), let shape = file.entries["text"]?.shape {
      question[.embeddings] = Matrix(rows: shape[0], columns: shape[1], values: try file.floats("text").values)
    }
    return SampleImage(encoded: EncodedImage(picture, views: views), question: question)
  }

  private func value(of kind: EvidenceKind, view: Int) throws -> EvidenceValue? {
    switch kind {
    case .attention(.classRow(.softmax), let layer): .matrix(try map("attention", layer, view).classRows())
    case .attention(.classRow(.logits), let layer): .matrix(try map("logits", layer, view).classRows())
    case .attention(.received(let queries), let layer):
      .vector(groups(try map("attention", layer, view).columnSums(skipping: queries == .all ? 0 : first)))
    case .attention(.patchSums(.softmax), let layer): .means(try map("attention", layer, view).means())
    case .attention(.patchSums(.logits), let layer): .means(try map("logits", layer, view).means())
    case .features: .matrix(try rows("features", view))
    case .projected, .textSpace: .matrix(try rows("projected", view))
    case .keys, .attention(.map, _), .classOwnLogits, .clipSpace: nil
    }
  }

  private var first: Int { tower.hasClassToken ? 1 : 0 }

  private func groups(_ values: [Double]) -> [Double] {
    let size = tower.merge.count
    return stride(from: 0, to: values.count, by: size).map { values[$0..<$0 + size].reduce(0, +) / Double(size) }
  }

  private func rows(_ name: String, _ view: Int) throws -> Matrix {
    let shape = try #require(file.entries[name]?.shape)
    let values = try file.floats(name).values
    let size = shape[1] * shape[2]
    return Matrix(rows: shape[1], columns: shape[2], values: Array(values[view * size..<(view + 1) * size]))
  }

  private func map(_ kind: String, _ layer: Int, _ view: Int) throws -> Map {
    let name = "\(kind).\(layer)"
    let shape = try #require(file.entries[name]?.shape)
    return Map(values: try file.floats(name).values, heads: shape[1], side: shape[2], view: view, first: first)
  }

  private struct Map {
    let values: [Float]
    let heads: Int
    let side: Int
    let view: Int
    let first: Int

    subscript(head: Int, query: Int, key: Int) -> Float { values[((view * heads + head) * side + query) * side + key] }

    func classRows() -> Matrix {
      var rows = Matrix(rows: heads, columns: side - 1)
      for head in 0..<heads { for key in 1..<side { rows[head, key - 1] = self[head, 0, key] } }
      return rows
    }

    func columnSums(skipping queries: Int) -> [Double] {
      (first..<side).map { key in
        (queries..<side).reduce(0.0) { sum, query in sum + headMean(query, key) }
      }
    }

    func means() -> PatchMeans {
      let patches = Double(side - first)
      return PatchMeans(
        received: columnSums(skipping: first).map { $0 / patches },
        given: (first..<side).map { query in
          (first..<side).reduce(0.0) { $0 + headMean(query, $1) } / patches
        })
    }

    private func headMean(_ query: Int, _ key: Int) -> Double {
      (0..<heads).reduce(0.0) { $0 + Double(self[$1, query, key]) } / Double(heads)
    }
  }
}
