import Checkpoint
import Kernels
import Testing

@testable import Pruning

/// Makes an `EncodedImage` of a tensor file with plain loops: a second way beside the one that the program uses.
struct TensorImage {
  let file: TensorFile
  let tower: TowerDescription
  let layout: ViewLayout
  let size: ImageSize

  init(path: String) throws {
    file = try TensorFile(path: path)
    let fields = file.metadata
    func grid(_ key: String) -> PatchGrid? { fields[key].flatMap { PatchGrid(parsing: $0) } }
    func number(_ key: String) throws -> Int { try #require(fields[key].flatMap { Int($0) }) }
    let size = try #require(grid("image_size"))
    tower = TowerDescription(
      depth: try number("depth"), featureLayer: try number("feature_layer"),
      hasClassToken: fields["class_token"] == "true", patchGrid: try #require(grid("grid")),
      merge: grid("merge") ?? PatchGrid(rows: 1, columns: 1))
    layout = grid("crop_grid").map { .thumbnailAndCrops($0) } ?? .single
    self.size = ImageSize(width: size.rows, height: size.columns)
  }

  func image(for evidence: Evidence) throws -> EncodedImage {
    var views: [ViewEvidence] = []
    for view in 0..<layout.views {
      var found = ViewEvidence()
      for kind in evidence.kinds { try fill(kind, in: &found, view: view) }
      views.append(found)
    }
    var text: Matrix?
    if evidence.kinds.contains(.text), let shape = file.entries["text"]?.shape {
      text = Matrix(rows: shape[0], columns: shape[1], values: try file.floats("text").values)
    }
    return EncodedImage(tower: tower, layout: layout, imageSize: size, digest: 0, views: views, text: text)
  }

  private func fill(_ kind: EvidenceKind, in found: inout ViewEvidence, view: Int) throws {
    switch kind {
    case .classAttention(let layer): found.classAttention[layer] = try map("attention", layer, view).classRows()
    case .classLogits(let layer): found.classLogits[layer] = try map("logits", layer, view).classRows()
    case .attentionReceived(let layer, .all):
      found.receivedFromAll[layer] = groups(try map("attention", layer, view).columnSums(skipping: 0))
    case .attentionReceived(let layer, .patches):
      found.receivedFromPatches[layer] = groups(try map("attention", layer, view).columnSums(skipping: first))
    case .patchMeans(let layer, .softmax): found.patchMeans[layer] = try map("attention", layer, view).means()
    case .patchMeans(let layer, .logits): found.patchLogitMeans[layer] = try map("logits", layer, view).means()
    case .features: found.features = try rows("features", view)
    case .projected: found.projected = try rows("projected", view)
    case .keys, .text: break
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
