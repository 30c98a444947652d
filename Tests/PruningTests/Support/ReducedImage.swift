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
    return SampleImage(
      encoded: EncodedImage(picture, views: views, shared: try shared(evidence.shared)),
      question: try question(evidence.question))
  }

  private func shared(_ kinds: Set<SharedEvidenceKind>) throws -> SharedEvidence {
    var shared = SharedEvidence()
    if kinds.contains(.separator) {
      let values = try source.file.floats("newline").values
      shared.separator = Matrix(rows: 1, columns: values.count, values: values)
    }
    if kinds.contains(.noise), source.file.entries["noise"] != nil { shared.noise = try matrix("noise") }
    if kinds.contains(.projector) {
      shared.projector = ProjectorWeights(
        first: try matrix("projector.0.weight"), firstBias: try source.file.floats("projector.0.bias").values,
        second: try matrix("projector.2.weight"), secondBias: try source.file.floats("projector.2.bias").values)
    }
    return shared
  }

  private func question(_ kinds: Set<QuestionEvidenceKind>) throws -> QuestionEvidence {
    var question: QuestionEvidence = [:]
    for kind in kinds {
      switch kind {
      case .embeddings, .clipTexts, .clipText: question[kind] = try matrix("text")
      case .words: question[kind] = try matrix("text_embeddings")
      case .decoderBlock(let layer):
        let shape = try shape(of: "decoder_keys.\(layer)", dimensions: 3, views: nil)
        let values = try source.file.floats("decoder_keys.\(layer)").values
        var keys = Matrix(rows: shape[1], columns: shape[0] * shape[2])
        for (index, value) in values.enumerated() {
          let (head, token, place) = (index / shape[2] / shape[1], index / shape[2] % shape[1], index % shape[2])
          keys[token, head * shape[2] + place] = value
        }
        let start = try #require(source.file.metadata["image_start"].flatMap { Int($0) })
        question.prompt[layer] = DecodedPrompt(
          keys: keys, states: try matrix("decoder_states.\(layer)"), imageStart: start)
      }
    }
    return question
  }

  private func matrix(_ name: String) throws -> Matrix {
    let shape = try shape(of: name, dimensions: 2, views: nil)
    return Matrix(rows: shape[0], columns: shape[1], values: try source.file.floats(name).values)
  }

  /// Nil, and then missed by the strategy, of what no case holds.
  private func value(of kind: EvidenceKind, view: Int) throws -> EvidenceValue? {
    switch kind {
    case .attention(.classRow(let scale), let layer):
      .matrix(try rows("class_row.\(Self.name(of: scale)).\(layer)", view: view))
    case .attention(.received(.all), let layer):
      .vector(try numbers("received.all.\(layer)", view))
    case .attention(.patchSums(let scale), let layer):
      .means(
        PatchMeans(
          received: try numbers("patch_sums.\(Self.name(of: scale)).received.\(layer)", view),
          given: try numbers("patch_sums.\(Self.name(of: scale)).given.\(layer)", view)))
    case .classOwnLogits(let layer): .vector(try numbers("class_own.logits.\(layer)", view))
    case .keys(let layer): .matrix(try rows("keys.\(layer)", view: view))
    case .features: .matrix(try rows("features", view: view))
    case .projected: .matrix(try rows("projected", view: view))
    case .textSpace, .clipSpace: .matrix(try rows("text_space", view: view))
    case .attention(.received(.patches), _), .attention(.map, _): nil
    }
  }

  private static func name(of scale: AttentionScale) -> String { scale == .softmax ? "softmax" : "logits" }

  /// A view's part of [views, heads or patches, columns].
  func rows(_ name: String, view: Int) throws -> Matrix {
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
    try shape(of: name, dimensions: dimensions, views: picture.layout.views)
  }

  private func shape(of name: String, dimensions: Int, views: Int?) throws -> [Int] {
    let shape = try #require(source.file.entries[name]?.shape, "\(name) is not in the file")
    try #require(shape.count == dimensions && shape[0] == views ?? shape[0], "\(name) is \(shape)")
    return shape
  }
}
