import Kernels
import Testing

@testable import Pruning

/// An image of a worked case. Its file holds no maps, only what the case's strategy reads of them; the names of its
/// tensors are told in `fixtures/generate/strategies_worked.py`, which writes them.
struct ReducedImage {
  private let source: TensorImage
  var picture: PictureDescription { source.picture }

  /// - Parameter id: the case's name, which is its file's in `fixtures/golden/strategies/worked/`.
  init(case id: String) throws {
    source = try TensorImage(path: GoldenCase.path("worked/\(id).safetensors"))
  }

  func image(for evidence: Evidence) throws -> SampleImage {
    let views = try (0..<picture.layout.views).map { view in
      var found: ViewEvidence = [:]
      for kind in evidence.kinds { found[kind] = try value(of: kind, view: view) }
      return found
    }
    return SampleImage(encoded: EncodedImage(picture, views: views), question: [:])
  }

  /// Nil, and then missed by the strategy, of what no case holds.
  private func value(of kind: EvidenceKind, view: Int) throws -> EvidenceValue? {
    switch kind {
    case .attention(.classRow(let scale), let layer):
      .matrix(try rows("class_row.\(Self.name(of: scale)).\(layer)", view))
    case .attention(.received(.all), let layer):
      .vector(try numbers("received.all.\(layer)", view))
    case .attention(.patchSums(let scale), let layer):
      .means(
        PatchMeans(
          received: try numbers("patch_sums.\(Self.name(of: scale)).received.\(layer)", view),
          given: try numbers("patch_sums.\(Self.name(of: scale)).given.\(layer)", view)))
    case .attention(.received(.patches), _), .attention(.map, _), .keys, .features, .projected, .textSpace: nil
    }
  }

  private static func name(of scale: AttentionScale) -> String { scale == .softmax ? "softmax" : "logits" }

  /// A view's part of [views, heads, patches].
  private func rows(_ name: String, _ view: Int) throws -> Matrix {
    let shape = try shape(of: name, dimensions: 3)
    let values = try source.file.floats(name).values
    let size = shape[1] * shape[2]
    return Matrix(rows: shape[1], columns: shape[2], values: Array(values[view * size..<(view + 1) * size]))
  }

  /// A view's part of [views, tokens].
  private func numbers(_ name: String, _ view: Int) throws -> [Double] {
    let tokens = try shape(of: name, dimensions: 2)[1]
    return try source.file.floats(name).values[view * tokens..<(view + 1) * tokens].map { Double($0) }
  }

  private func shape(of name: String, dimensions: Int) throws -> [Int] {
    let shape = try #require(source.file.entries[name]?.shape, "\(name) is not in the file")
    try #require(shape.count == dimensions && shape[0] == picture.layout.views, "\(name) is \(shape)")
    return shape
  }
}
