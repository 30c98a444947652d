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
    let catalogue = StrategyCatalogue.standard
    let strategy =
      type(of: setting.strategy).prunes
      ? setting.strategy : try catalogue.make(parsing: StrategyCatalogue.defaultName)
    evidence = isWanted ? try StrategyRunner.evidence(for: strategy, on: model.towerDescription) : .none
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
      case .textSpace: writer.add(rows: Self.rows(.textSpace, of: encoded), as: tensor)
      case .text: writer.add(text: model.textEmbeddings(question))
      }
    }
    try writer.write(to: path)
  }

  /// What was measured, one matrix a view.
  private static func rows(_ kind: EvidenceKind, of encoded: EncodedPicture) -> [Matrix] {
    encoded.evidence.compactMap { if case .matrix(let rows)? = $0[kind] { rows } else { nil } }
  }

  private func layers(_ layer: (EvidenceTensor) -> Int?) -> [Int] { wanted.compactMap(layer).sorted() }
}
