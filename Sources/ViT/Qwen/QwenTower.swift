import Basics
import Kernels
import Pruning

/// The vision tower of Qwen2-VL, Qwen2.5-VL and Qwen3-VL, for views of any size. A view is a picture or the frames of
/// one temporal grid, and attends to itself alone.
///
/// Its rows are [tokens, levels · groupSize · width]: the patches of a merge group side by side as the last block gives
/// them, then the same of each DeepStack block. `QwenMerger` maps them to the decoder's width.
public struct QwenTower: VisionTower {
  public let configuration: QwenVisionConfiguration
  public let description: TowerDescription
  let embedding: QwenPatchEmbedding
  let positions: QwenPositions?
  let blocks: [QwenBlock]
  private let rotary: GridRotary

  init(
    _ configuration: QwenVisionConfiguration, embedding: QwenPatchEmbedding, positions: QwenPositions?,
    blocks: [QwenBlock]
  ) {
    self.configuration = configuration
    self.embedding = embedding
    self.positions = positions
    self.blocks = blocks
    let merge = configuration.mergeSize
    description = TowerDescription(
      depth: configuration.depth, featureLayer: configuration.depth - 1, hasClassToken: false,
      merge: Grid(rows: merge, columns: merge),
      fullAttentionLayers: configuration.windowCells.map { _ in configuration.fullAttentionBlocks.sorted() })
    rotary = GridRotary(headWidth: configuration.headWidth, theta: configuration.rotaryTheta)
  }

  /// Keys are as projected, before rotation. Features are the last block's rows. Both are means over a merge group.
  public func encode(
    _ view: TowerInput, evidence kinds: Set<EvidenceKind>, inspection: TowerInspection?, workers: Workers
  ) -> EncodedView {
    precondition(view.reduction == nil, "this tower needs every row for its merge groups")
    let sequence = QwenSequence(configuration, patchGrid: view.patchGrid, kept: view.kept)
    let rotation = rotary.table(rows: sequence.rows, columns: sequence.columns)
    var hidden = embedding(view.pixels, patchGrid: view.patchGrid, sequence, workers: workers)
    positions?.add(to: &hidden, patchGrid: view.patchGrid, sequence, workers: workers)
    var work = QwenWorkspace(
      hidden: hidden, patches: sequence.patches, feedForwardWidth: configuration.feedForwardWidth,
      from: workers.workspaces)
    let display = inspection.map { QwenInspection($0, configuration, sequence) }
    display?.show(embeddings: work.hidden)
    var rows = QwenRows(configuration, tokens: sequence.tokens)
    let reducer = EvidenceReducer(prefix: 0, group: configuration.groupSize, order: sequence.order)
    var evidence: ViewEvidence = [:]
    for (layer, block) in blocks.enumerated() {
      if workers.haveStopped { return .stopped }
      let wanted = kinds.filter { $0.layer == layer }
      var taps = inspection?.maps[layer] ?? []
      for case .attention(let tap, _) in wanted { taps.insert(tap) }
      let found = block.run(
        &work, segments: configuration.isFull(block: layer) ? nil : sequence.windows, rotation: rotation, taps: taps,
        showsKeys: wanted.contains(.keys(layer: layer)) || inspection?.keys.contains(layer) ?? false, workers: workers)
      for kind in wanted { evidence[kind] = Self.value(of: kind, in: found, reducer) }
      display?.show(block: layer, work.hidden, found)
      if let level = configuration.deepStackBlocks.firstIndex(of: layer) {
        rows.take(work.hidden, level: level + 1, order: sequence.order)
      }
    }
    rows.take(work.hidden, level: 0, order: sequence.order)
    if kinds.contains(.features) {
      let last = Matrix(
        rows: sequence.patches, columns: configuration.width, values: work.hidden.values(0..<work.hidden.count))
      evidence[.features] = .matrix(reducer.reduce(rows: last))
    }
    return EncodedView(rows: rows.matrix, classToken: nil, evidence: evidence)
  }

  private static func value(
    of kind: EvidenceKind, in found: QwenBlock.Evidence, _ reducer: EvidenceReducer
  ) -> EvidenceValue? {
    switch kind {
    case .attention(let tap, _): found.taps[tap].map(reducer.reduce)
    case .keys: found.keys.map { .matrix(reducer.reduce(rows: $0)) }
    case .features, .projected, .textSpace, .clipSpace, .classOwnLogits: nil
    }
  }
}

/// The rows that a tower sends, filled level by level.
private struct QwenRows {
  private(set) var matrix: Matrix
  /// Values of a token in one level.
  private let width: Int

  init(_ configuration: QwenVisionConfiguration, tokens: Int) {
    width = configuration.groupSize * configuration.width
    matrix = Matrix(rows: tokens, columns: configuration.levels * width)
  }

  /// Copies a block's output, whose groups stand at `order` in the sequence.
  mutating func take(_ hidden: borrowing AlignedBuffer, level: Int, order: [Int]) {
    let (width, columns) = (width, matrix.columns)
    hidden.withElements { hidden in
      hidden.withUnsafeBufferPointer { hidden in
        matrix.values.withUnsafeMutableBufferPointer { values in
          for (token, place) in order.enumerated() {
            let start = token * columns + level * width
            _ = UnsafeMutableBufferPointer(rebasing: values[start..<start + width])
              .update(fromContentsOf: hidden[place * width..<(place + 1) * width])
          }
        }
      }
    }
  }
}
