import Basics
import Kernels

/// Shows a pass through the tower, with merge groups in raster order.
struct QwenInspection {
  private let inspection: TowerInspection
  private let configuration: QwenVisionConfiguration
  /// The place in the sequence of each patch that is shown.
  private let order: [Int]

  init(_ inspection: TowerInspection, _ configuration: QwenVisionConfiguration, _ sequence: QwenSequence) {
    self.inspection = inspection
    self.configuration = configuration
    order = sequence.patchOrder
  }

  func show(embeddings: borrowing AlignedBuffer) {
    inspection.sink.take("vision.embeddings", shape: [order.count, configuration.width], arranged(embeddings))
  }

  func show(block: Int, _ hidden: borrowing AlignedBuffer, _ evidence: QwenBlock.Evidence) {
    let patches = order.count
    inspection.sink.take("vision.block", block: block, shape: [patches, configuration.width], arranged(hidden))
    for tap in inspection.maps[block] ?? [] {
      guard case .rows(let map)? = evidence.taps[tap] else { continue }
      let name = tap.scale == .softmax ? "vision.attention" : "vision.logits"
      let values = (0..<configuration.heads).flatMap { head in
        order.flatMap { query in
          let row = Array(map.row(head * patches + query))
          return order.map { row[$0] }
        }
      }
      inspection.sink.take(name, block: block, shape: [configuration.heads, patches, patches], values)
    }
    if inspection.keys.contains(block), let keys = evidence.keys {
      let headWidth = configuration.headWidth
      let values = (0..<configuration.heads).flatMap { head in
        order.flatMap { keys.row($0).dropFirst(head * headWidth).prefix(headWidth) }
      }
      inspection.sink.take("vision.keys", block: block, shape: [configuration.heads, patches, headWidth], values)
    }
  }

  /// [patches, width] in the order in which patches are shown.
  private func arranged(_ hidden: borrowing AlignedBuffer) -> [Float] {
    let width = configuration.width
    var values: [Float] = []
    values.reserveCapacity(hidden.count)
    for place in order { values += hidden.values(place * width..<(place + 1) * width) }
    return values
  }
}
