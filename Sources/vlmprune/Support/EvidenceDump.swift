import Kernels
import Pruning
import VLM
import ViT

/// `inspect --evidence`: what the strategy read, in the format of `select`. It is asked for even when everything is kept, so
/// that the file serves other budgets; `none` reads nothing, so the strategy that a budget alone means is served.
struct EvidenceDump {
  let evidence: Evidence
  private let wanted: Set<EvidenceTensor>
  private let model: VisionLanguageModel

  init(setting: PruningSetting, model: VisionLanguageModel, isWanted: Bool) throws {
    self.model = model
    let strategy =
      setting.strategy.prunes ? setting.strategy : try StrategyCatalogue.make(parsing: StrategyCatalogue.standard)
    evidence = isWanted ? try strategy.evidence(on: model.description) : .none
    wanted = EvidenceFileWriter.tensors(for: evidence)
  }

  var mapLayers: [Int] { layers { if case .attention(let layer) = $0 { layer } else { nil } } }
  var logitLayers: [Int] { layers { if case .logits(let layer) = $0 { layer } else { nil } } }
  var keyLayers: [Int] { layers { if case .keys(let layer) = $0 { layer } else { nil } } }

  func write(_ recorder: InspectionRecorder, picture: Picture, to path: String) throws {
    guard let encoded = recorder.encoded.first else { return }
    var writer = EvidenceFileWriter(
      tower: model.description, layout: picture.layout, imageSize: encoded.image.imageSize, digest: picture.digest)
    let views = 0..<recorder.viewCount
    for tensor in wanted.sorted(by: { $0.name < $1.name }) {
      switch tensor {
      case .attention(let layer):
        writer.add(maps: views.compactMap { recorder.attention(view: $0, layer: layer) }, as: tensor)
      case .logits(let layer):
        writer.add(maps: views.compactMap { recorder.logits(view: $0, layer: layer) }, as: tensor)
      case .keys(let layer):
        writer.add(
          keys: views.compactMap { recorder.keys(view: $0, layer: layer) }, heads: model.tower.configuration.heads,
          layer: layer)
      case .features: writer.add(rows: encoded.features, as: tensor)
      case .projected, .textSpace:
        writer.add(rows: model.project(encoded.features), as: tensor)
      case .text:
        if let text = encoded.image.text { writer.add(text: text) }
      }
    }
    try writer.write(to: path)
  }

  private func layers(_ layer: (EvidenceTensor) -> Int?) -> [Int] { wanted.compactMap(layer).sorted() }
}
