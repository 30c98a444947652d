import Kernels
import Pruning

extension EncodingRequest {
  /// Adds what the encoder has to measure for `evidence`. Features, projections and text are the caller's.
  public mutating func require(_ evidence: Evidence) {
    for kind in evidence.kinds {
      switch kind {
      case .classAttention(let layer): taps[layer, default: .nothing].classRow = true
      case .classLogits(let layer): taps[layer, default: .nothing].classLogitRow = true
      case .attentionReceived(let layer, .all): taps[layer, default: .nothing].receivedFromAll = true
      case .attentionReceived(let layer, .patches): taps[layer, default: .nothing].receivedFromPatches = true
      case .patchMeans(let layer, .softmax): taps[layer, default: .nothing].patchSums = true
      case .patchMeans(let layer, .logits): taps[layer, default: .nothing].patchLogitSums = true
      case .keys(let layer): keyLayers.insert(layer)
      case .features, .projected, .text: break
      }
    }
  }
}

extension Encoding {
  /// The evidence that a pass measured, prefix tokens dropped.
  public func evidence(prefix: Int) -> ViewEvidence {
    var evidence = ViewEvidence()
    for (layer, taps) in taps {
      evidence.classAttention[layer] = taps.classRow.map { $0.droppingColumns(prefix) }
      evidence.classLogits[layer] = taps.classLogitRow.map { $0.droppingColumns(prefix) }
      evidence.receivedFromAll[layer] = taps.receivedFromAll.map { Array($0[prefix...]) }
      evidence.receivedFromPatches[layer] = taps.receivedFromPatches.map { Array($0[prefix...]) }
      evidence.patchMeans[layer] = taps.patchSums.map(PatchMeans.init)
      evidence.patchLogitMeans[layer] = taps.patchLogitSums.map(PatchMeans.init)
    }
    for (layer, keys) in keys { evidence.keys[layer] = keys.rows(prefix..<keys.rows) }
    return evidence
  }
}

extension PatchMeans {
  /// Sums over the patches, made means.
  fileprivate init(_ sums: PatchSums) {
    let count = Double(sums.received.count)
    self.init(received: sums.received.map { $0 / count }, given: sums.given.map { $0 / count })
  }
}

extension Matrix {
  fileprivate func droppingColumns(_ count: Int) -> Matrix {
    Matrix(
      rows: rows, columns: columns - count, values: (0..<rows).flatMap { row($0).dropFirst(count) })
  }
}
