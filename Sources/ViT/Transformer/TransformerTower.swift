import Basics
import Kernels
import Pruning

/// A transformer with learned positions as a family's tower. The family connects the outputs of some of its blocks,
/// side by side.
public struct TransformerTower: VisionTower {
  public let transformer: VisionTransformer
  /// 0-based blocks whose outputs are connected; −1 stands for the embeddings.
  public let layers: [Int]
  public let description: TowerDescription

  public init(_ transformer: VisionTransformer, layers: [Int]) {
    precondition(!layers.isEmpty, "a family connects the output of a block")
    self.transformer = transformer
    self.layers = layers
    description = TowerDescription(
      depth: transformer.configuration.depth, featureLayer: max(layers.last ?? 0, 0),
      hasClassToken: transformer.configuration.prefixTokens > 0)
  }

  public func encode(
    _ view: TowerInput, evidence kinds: Set<EvidenceKind>, inspection: TowerInspection?, workers: Workers
  ) -> EncodedView {
    let configuration = transformer.configuration
    precondition(view.patchGrid == configuration.grid, "every view of this tower has one size")
    precondition(view.kept == nil, "this tower encodes whole views")
    var request = request(kinds, inspection)
    request.reduction = view.reduction
    let encoding = transformer.encode(view.pixels, request: request, workers: workers)
    if workers.haveStopped { return .stopped }
    if let inspection { show(encoding, to: inspection) }
    if let reduction = view.reduction, let trace = encoding.trace {
      return reduced(encoding, trace, by: reduction, evidence: kinds)
    }
    let prefix = configuration.prefixTokens
    let sequence = Matrix.sideBySide(layers.compactMap { encoding.hidden[$0] })
    let rows = sequence.rows(prefix..<sequence.rows)
    let reducer = EvidenceReducer(prefix: prefix, group: 1)
    var evidence: ViewEvidence = [:]
    for kind in kinds {
      switch kind {
      case .keys(let layer): evidence[kind] = encoding.keys[layer].map { .matrix(reducer.reduce(rows: $0)) }
      case .features: evidence[kind] = .matrix(rows)
      case .attention, .classOwnLogits: evidence[kind] = attention(kind, of: encoding, reducer)
      case .projected, .textSpace, .clipSpace: break
      }
    }
    return EncodedView(rows: rows, classToken: prefix > 0 ? Array(sequence.row(0)) : nil, evidence: evidence)
  }

  /// The value of a kind that a tap took, for each row that entered its block.
  private func attention(
    _ kind: EvidenceKind, of encoding: Encoding, _ reducer: EvidenceReducer
  ) -> EvidenceValue? {
    switch kind {
    case .attention(let tap, let layer): encoding.taps[layer]?[tap].map(reducer.reduce)
    case .classOwnLogits(let layer):
      encoding.taps[layer]?[.classRow(.logits)].flatMap(EvidenceReducer.classOwnLogits)
    case .keys, .features, .projected, .textSpace, .clipSpace: nil
    }
  }

  /// Rows and evidence of the tokens that are left, in the order in which they are sent.
  private func reduced(
    _ encoding: Encoding, _ trace: TokenTrace, by reduction: ViewReduction, evidence kinds: Set<EvidenceKind>
  ) -> EncodedView {
    let prefix = transformer.configuration.prefixTokens
    let (tokens, order) = trace.tokens(in: reduction.method.order)
    let reducer = EvidenceReducer(prefix: prefix, group: 1)
    let bridge = ReducedEvidence(trace: trace, order: order, prefix: prefix)
    let outputs = layers.compactMap { layer in encoding.hidden[layer].map { (layer, $0) } }
    let rows = Matrix.sideBySide(outputs.map { bridge.tokens(of: $0.1, fromBlock: $0.0 + 1) })
    var evidence: ViewEvidence = [:]
    for kind in kinds {
      switch kind {
      case .attention(let tap, let layer):
        evidence[kind] = attention(kind, of: encoding, reducer).map { bridge.value(of: tap, $0, block: layer) }
      case .classOwnLogits: evidence[kind] = attention(kind, of: encoding, reducer)
      case .keys(let layer):
        evidence[kind] = encoding.keys[layer].map { .matrix(bridge.tokens(of: $0, fromBlock: layer)) }
      case .features: evidence[kind] = .matrix(rows)
      case .projected, .textSpace, .clipSpace: break
      }
    }
    let classToken = prefix > 0 ? outputs.flatMap { Array($0.1.row(0)) } : nil
    return EncodedView(
      rows: rows, classToken: classToken, evidence: evidence,
      reduced: ReducedView(
        patches: transformer.configuration.grid.count, schedule: reduction.schedule, tokens: tokens,
        fused: trace.fusedTokens))
  }

  public func cost(of patchGrid: Grid, kept: [Int]?, schedule: [Int]?) -> TowerCost {
    precondition(kept == nil, "this tower encodes whole views")
    let shape = transformer.configuration
    // Blocks run up to the last one whose output is connected.
    let depth = (layers.max() ?? -1) + 1
    let (width, inner) = (Double(shape.width), Double(shape.feedForwardWidth))
    let patch = Double(3 * shape.patchSize * shape.patchSize)
    var (linear, attention, sum) = (2 * Double(patchGrid.count) * patch * width, 0.0, 0)
    var entering = patchGrid.count
    for block in 0..<depth {
      let leaving = schedule.map { block < $0.count ? $0[block] : entering } ?? entering
      let (all, left) = (Double(shape.prefixTokens + entering), Double(shape.prefixTokens + leaving))
      linear += 2 * (all * 4 * width * width + left * 2 * width * inner)
      attention += 4 * all * all * width
      sum += shape.prefixTokens + leaving
      entering = leaving
    }
    return TowerCost(
      rows: depth > 0 ? sum / depth : shape.prefixTokens + patchGrid.count, linear: linear, attention: attention,
      products: [
        .init(inputs: shape.width, outputs: shape.width, count: 4 * depth),
        .init(inputs: shape.width, outputs: shape.feedForwardWidth, count: depth),
        .init(inputs: shape.feedForwardWidth, outputs: shape.width, count: depth),
      ])
  }

  private func request(_ kinds: Set<EvidenceKind>, _ inspection: TowerInspection?) -> EncodingRequest {
    var request = EncodingRequest()
    request.hiddenLayers = Set(layers)
    for kind in kinds {
      switch kind {
      case .attention(let tap, let layer): request.taps[layer, default: []].insert(tap)
      case .classOwnLogits(let layer): request.taps[layer, default: []].insert(.classRow(.logits))
      case .keys(let layer): request.keyLayers.insert(layer)
      case .features, .projected, .textSpace, .clipSpace: break
      }
    }
    guard let inspection else { return request }
    request.hiddenLayers.formUnion(-1..<description.depth)
    request.taps.merge(inspection.maps) { $0.union($1) }
    request.keyLayers.formUnion(inspection.keys)
    return request
  }

  private func show(_ encoding: Encoding, to inspection: TowerInspection) {
    let sink = inspection.sink
    for layer in encoding.hidden.keys.sorted() {
      guard let output = encoding.hidden[layer] else { continue }
      if layer < 0 {
        sink.take("vision.embeddings", shape: [output.rows, output.columns], output.values)
      } else {
        sink.take("vision.block", block: layer, shape: [output.rows, output.columns], output.values)
      }
    }
    for (layer, taps) in inspection.maps {
      for tap in taps {
        guard case .rows(let map)? = encoding.taps[layer]?[tap] else { continue }
        let name = tap.scale == .softmax ? "vision.attention" : "vision.logits"
        let tokens = map.columns
        sink.take(name, block: layer, shape: [map.rows / tokens, tokens, tokens], map.values)
      }
    }
    for layer in inspection.keys.sorted() {
      guard let keys = encoding.keys[layer] else { continue }
      let (heads, headWidth) = (transformer.configuration.heads, transformer.configuration.headWidth)
      var values: [Float] = []
      values.reserveCapacity(keys.values.count)
      for head in 0..<heads {
        for token in 0..<keys.rows { values += keys.row(token).dropFirst(head * headWidth).prefix(headWidth) }
      }
      sink.take("vision.keys", block: layer, shape: [heads, keys.rows, headWidth], values)
    }
  }
}

extension Matrix {
  /// Matrices with equal rows, columns joined.
  static func sideBySide(_ parts: [Matrix]) -> Matrix {
    guard parts.count != 1 else { return parts[0] }
    var values: [Float] = []
    for row in 0..<parts[0].rows {
      for part in parts { values += part.row(row) }
    }
    return Matrix(rows: parts[0].rows, columns: parts.reduce(0) { $0 + $1.columns }, values: values)
  }
}
