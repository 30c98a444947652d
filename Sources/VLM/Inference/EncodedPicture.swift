import Basics
import Kernels
import Pruning
import ViT

/// One picture after the tower: unpruned rows, and the requested evidence. It does not depend on any question.
public struct EncodedPicture: Sendable {
  /// The tokens of each view that were encoded, ascending; nil: all. Everything else here is of these alone.
  public let tokens: [[Int]]?
  /// What the tower made of each view's patches; nil where every row stayed. Features and evidence are of the tokens
  /// that are left, in their order.
  public let reduced: [ReducedView]?
  /// What was asked for inside the tower.
  let reduction: PictureReduction?
  /// The tower's rows of each view, [tokens, width].
  public let features: [Matrix]
  /// The class tokens' features, [views, width]; nil where the tower has none.
  public let classTokens: Matrix?
  /// The rows of each view as the family connects them, [tokens, decoder width] and what DeepStack adds beside it, if
  /// the evidence needs them.
  public let projected: [Matrix]?
  /// One entry a view.
  public let evidence: [ViewEvidence]
}

extension VisionLanguageModel {
  /// Encodes every view of a picture, as far as its rows and the evidence need.
  /// - Parameters:
  ///   - tokens: of each view, ascending: those that enter the tower, where it can do with some of them; nil: all.
  ///   - reduction: what becomes of the picture inside the tower, where it allows that; nil: every row stays.
  ///   - inspection: what to show as well.
  /// - Throws: `.cancelled` where the model is one that stops, between two blocks of the tower.
  public func encode(
    _ picture: Picture, tokens: [[Int]]? = nil, reduction: PictureReduction? = nil, evidence: Evidence,
    inspection: TowerInspection? = nil
  ) throws(VLMError) -> EncodedPicture {
    let tower = family.tower(for: picture.kind)
    var features: [Matrix] = []
    var classTokens: [Float] = []
    var views: [ViewEvidence] = []
    var reduced: [ReducedView] = []
    for (index, (view, patchGrid)) in zip(picture.views, picture.patchGrids).enumerated() {
      if let inspection {
        let pixels = family.shown(view)
        inspection.sink.take("pixel_values", shape: pixels.shape, pixels.values)
      }
      let encoded = tower.encode(
        TowerInput(
          pixels: view.pixels.values, patchGrid: patchGrid, kept: tokens?[index], reduction: reduction?.ofView(index)),
        evidence: evidence.kinds, inspection: inspection, workers: workers)
      if workers.haveStopped { throw .cancelled }
      guard encoded.rows.values.allSatisfy(\.isFinite) else { throw .notFinite(stage: "the vision tower") }
      features.append(encoded.rows)
      classTokens += encoded.classToken ?? []
      views.append(encoded.evidence)
      if let view = encoded.reduced { reduced.append(view) }
    }
    var projected: [Matrix]?
    if evidence.kinds.contains(.projected) || evidence.kinds.contains(.textSpace) {
      let rows = features.map { family.connect($0, workers: workers) }
      for (index, rows) in rows.map({ $0.columnBlocks(of: decoder.configuration.width)[0] }).enumerated() {
        if evidence.kinds.contains(.projected) { views[index][.projected] = .matrix(rows) }
        if evidence.kinds.contains(.textSpace) { views[index][.textSpace] = .matrix(rows) }
      }
      projected = rows
    }
    if evidence.kinds.contains(.clipSpace) {
      for (index, rows) in try clipRows(of: features).enumerated() { views[index][.clipSpace] = .matrix(rows) }
    }
    let width = features.first?.columns ?? 0
    return EncodedPicture(
      tokens: tokens, reduced: reduction == nil ? nil : reduced, reduction: reduction, features: features,
      classTokens: classTokens.isEmpty
        ? nil : Matrix(rows: features.count, columns: width, values: classTokens),
      projected: projected, evidence: views)
  }
}
