import Kernels
import Pruning
import VLM
import ViT

/// `inspect --evidence`: what the strategy read, in the format of `select`. It is collected even when everything is
/// kept, so that the file works for other budgets; `none` reads nothing, so the default strategy's evidence is written
/// instead.
struct EvidenceDump {
  let evidence: Evidence
  private let wanted: Set<EvidenceTensor>
  private let model: VisionLanguageModel

  init(setting: PruningSetting, model: VisionLanguageModel, isWanted: Bool) throws {
    self.model = model
    if isWanted, setting.strategy is any BeforeEncoderPruning {
      throw CommandFailure.usage(
        "\(type(of: setting.strategy).name) reads pixels and no evidence of the tower",
        hint: "leave --evidence out, or name a strategy that decides after the tower")
    }
    if isWanted, setting.strategy.inTower != nil {
      throw CommandFailure.usage(
        "\(type(of: setting.strategy).name) merges or drops rows inside the tower, and select reads whole views",
        hint: "leave --evidence out, or name a strategy that decides after the tower")
    }
    let catalogue = StrategyCatalogue.standard
    let chosen = setting.strategy.beforeDecoder
    let strategy =
      type(of: chosen).prunes
      ? chosen : try catalogue.make(parsing: StrategyCatalogue.defaultName)
    var evidence: Evidence =
      isWanted ? try StrategyRunner.evidence(for: strategy, on: model.towerDescription) : .none
    // A picture that is cut needs it, and no file is too small for a row.
    if isWanted, evidence.kinds.contains(.projected), model.family.separator != nil {
      evidence.shared.insert(.separator)
    }
    self.evidence = evidence
    wanted = EvidenceFileWriter.tensors(for: evidence)
  }

  /// What the tower must show for the file.
  var wishes: Inspection.Wishes {
    Inspection.Wishes(
      attention: Set(layers { if case .attention(let layer) = $0 { layer } else { nil } }),
      logits: Set(layers { if case .logits(let layer) = $0 { layer } else { nil } }),
      keys: Set(layers { if case .keys(let layer) = $0 { layer } else { nil } }), evidence: evidence)
  }

  func write(
    _ inspection: Inspection, picture: Picture, packing: ViewPacking, question: String, to path: String
  ) throws {
    guard let encoded = inspection.encoded.first else { return }
    var writer = EvidenceFileWriter(model.family.describe(picture, packing: packing))
    for tensor in wanted.sorted(by: { $0.name < $1.name }) {
      switch tensor {
      case .attention, .logits, .keys:
        guard let layer = tensor.layer else { continue }
        let kind = tensor.name.prefix { $0 != "." }
        guard let shown = inspection["vision.\(kind).\(String(format: "%02d", layer))"] else { continue }
        writer.add(tensor, shape: shown.shape, shown.floats)
      case .features: writer.add(rows: Self.rows(.features, of: encoded), as: tensor)
      case .projected: writer.add(rows: Self.rows(.projected, of: encoded), as: tensor)
      case .textSpace: writer.add(rows: Self.textSpace(of: encoded), as: tensor)
      case .text: if let text = text(question) { writer.add(text, as: tensor) }
      case .textEmbeddings: writer.add(model.wordEmbeddings(question), as: tensor)
      case .newline: if let separator = model.family.separator { writer.add(separator: separator) }
      case .projector, .noise, .decoderKeys, .decoderStates: continue
      }
    }
    if evidence.shared.contains(.projector),
      let projector = model.family.projectorWeights(workers: model.workers)
    {
      writer.add(projector)
    }
    try writer.write(to: path)
  }

  /// What the strategy compares the picture with, of the question.
  private func text(_ question: String) -> Matrix? {
    let kinds = evidence.question.subtracting([.words])
    return kinds.first.flatMap { model.questionEvidence(kinds, of: question)[$0] }
  }

  /// Rows in the space of the question: CLIP's joint space, or the decoder's.
  private static func textSpace(of encoded: EncodedPicture) -> [Matrix] {
    let clip = rows(.clipSpace, of: encoded)
    return clip.isEmpty ? rows(.textSpace, of: encoded) : clip
  }

  /// What was measured, one matrix a view.
  private static func rows(_ kind: EvidenceKind, of encoded: EncodedPicture) -> [Matrix] {
    encoded.evidence.compactMap { if case .matrix(let rows)? = $0[kind] { rows } else { nil } }
  }

  private func layers(_ layer: (EvidenceTensor) -> Int?) -> [Int] { wanted.compactMap(layer).sorted() }
}
