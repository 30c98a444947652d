import Kernels
import Pruning
import ViT

/// One picture behind the tower: unpruned features, and the evidence that was asked for.
public struct EncodedPicture: Sendable {
  /// Selected features of each view, [tokens, width].
  public let features: [Matrix]
  /// The class token's features, [views, width].
  public let classTokens: Matrix
  /// What strategies see.
  public let image: EncodedImage
  /// Whether the class token is sent in front of the patches.
  let sendsClassToken: Bool

  /// What the family projects when nothing is pruned: each view's features, behind the class token where that is sent.
  var projectorInputs: [Matrix] {
    guard sendsClassToken else { return features }
    return features.enumerated().map { view, features in
      Matrix(
        rows: features.rows + 1, columns: features.columns, values: Array(classTokens.row(view)) + features.values)
    }
  }
}

extension VisionLanguageModel {
  /// Encodes every view of a picture, as far as the features and the evidence need.
  /// - Parameters:
  ///   - packing: how strategies that treat each view alone send several views.
  ///   - question: read by strategies that ask for text.
  ///   - recorder: takes every intermediate when somebody inspects.
  public func encode(
    _ picture: Picture, evidence: Evidence, packing: ViewPacking = .spatial, question: String,
    recorder: InspectionRecorder? = nil
  ) throws(VLMError) -> EncodedPicture {
    let tower = tower(for: picture.kind)
    var request = EncodingRequest()
    request.hiddenLayers = Set(features.layers)
    request.require(evidence)
    recorder?.extend(&request, depth: description.depth)
    let prefix = tower.configuration.prefixTokens
    var selected: [Matrix] = []
    var classTokens: [Float] = []
    var views: [ViewEvidence] = []
    for view in picture.views {
      let encoding = tower.encode(view.pixels.values, request: request, workers: workers)
      recorder?.record(encoding, pixels: view.pixels)
      let sequence = sideBySide(features.layers.compactMap { encoding.hidden[$0] })
      guard sequence.values.allSatisfy(\.isFinite) else { throw .notFinite(stage: "the vision tower") }
      selected.append(sequence.rows(prefix..<sequence.rows))
      classTokens += sequence.row(0)
      views.append(encoding.evidence(prefix: prefix))
    }
    try addFeatures(to: &views, selected, evidence)
    let image = EncodedImage(
      tower: description, layout: picture.layout,
      imageSize: ImageSize(width: picture.image.width, height: picture.image.height), digest: picture.digest,
      views: views, text: evidence.kinds.contains(.text) ? textEmbeddings(question) : nil,
      unprunedPacking: unprunedPacking(of: picture), prunedPacking: packing)
    let width = selected.first?.columns ?? 0
    return EncodedPicture(
      features: selected, classTokens: Matrix(rows: selected.count, columns: width, values: classTokens), image: image,
      sendsClassToken: features.sendsClassToken || picture.kind == .video)
  }

  /// Projected rows and features for the strategies that compare tokens with each other or with the question.
  private func addFeatures(
    to views: inout [ViewEvidence], _ selected: [Matrix], _ evidence: Evidence
  ) throws(VLMError) {
    for index in views.indices {
      if evidence.kinds.contains(.features) { views[index].features = selected[index] }
      if evidence.kinds.contains(.projected) || evidence.kinds.contains(.text) {
        let projected = projector(selected[index], workers: workers)
        views[index].projected = projected
        views[index].textSpace = projected
      }
    }
  }

  /// The question's token embeddings, [tokens, decoder width]: the space in which projected tokens live too.
  private func textEmbeddings(_ question: String) -> Matrix {
    let tokens = tokenizer.encode(question, addSpecialTokens: false)
    return decoder.embed(tokens.filter { $0 < decoder.configuration.vocabulary })
  }

  /// Matrices with equal rows, columns joined.
  private func sideBySide(_ parts: [Matrix]) -> Matrix {
    guard parts.count != 1 else { return parts[0] }
    var values: [Float] = []
    for row in 0..<parts[0].rows {
      for part in parts { values += part.row(row) }
    }
    return Matrix(rows: parts[0].rows, columns: parts.reduce(0) { $0 + $1.columns }, values: values)
  }
}
