import Checkpoint
import Kernels
import Pruning

/// Tensors of one image from anywhere, in the format of `vlmprune select`: attention maps, logits, keys and features with the
/// metadata that say how to read them. Everything is checked against the metadata when the file is opened; values are read,
/// and checked to be finite, when a strategy asks for them.
public struct EvidenceFile: Sendable {
  private let tensors: TensorFile
  private let metadata: EvidenceMetadata

  public var tower: TowerDescription { metadata.tower }
  public var layout: ViewLayout { metadata.layout }
  public var imageSize: ImageSize { metadata.imageSize }
  public var digest: UInt64 { metadata.digest }

  /// - Throws: a file that is no safetensors file, metadata that cannot be read, or a known tensor of an impossible shape.
  public init(path: String) throws(EvidenceFileError) {
    do throws(CheckpointError) { tensors = try TensorFile(path: path) } catch { throw .file(error) }
    metadata = try EvidenceMetadata(parsing: tensors.metadata, file: path)
    for name in tensors.entries.keys.sorted() {
      if let tensor = EvidenceTensor(named: name) { try check(tensor) }
    }
  }

  /// The image as a strategy sees it, with the evidence asked for and nothing else.
  /// - Throws: `missingTensor` naming the first tensor that is not there, or `notFinite`.
  public func image(providing evidence: Evidence) throws(EvidenceFileError) -> EncodedImage {
    var views = [ViewEvidence](repeating: ViewEvidence(), count: layout.views)
    for kind in evidence.kinds.sorted(by: { $0.description < $1.description }) {
      try fill(kind, of: &views, isComparedWithText: evidence.kinds.contains(.text))
    }
    return EncodedImage(
      tower: tower, layout: layout, imageSize: imageSize, digest: digest, views: views,
      text: evidence.kinds.contains(.text) ? try text() : nil)
  }

  private func fill(
    _ kind: EvidenceKind, of views: inout [ViewEvidence], isComparedWithText: Bool
  ) throws(EvidenceFileError) {
    for view in views.indices {
      switch kind {
      case .classAttention(let layer):
        views[view].classAttention[layer] = try maps(.attention(layer), view: view).classRows()
      case .classLogits(let layer):
        views[view].classLogits[layer] = try maps(.logits(layer), view: view).classRows()
      case .attentionReceived(let layer, .all):
        views[view].receivedFromAll[layer] = try maps(.attention(layer), view: view).received(from: .all)
      case .attentionReceived(let layer, .patches):
        views[view].receivedFromPatches[layer] = try maps(.attention(layer), view: view).received(from: .patches)
      case .patchMeans(let layer, .softmax):
        views[view].patchMeans[layer] = try maps(.attention(layer), view: view).patchMeans()
      case .patchMeans(let layer, .logits):
        views[view].patchLogitMeans[layer] = try maps(.logits(layer), view: view).patchMeans()
      case .keys(let layer): views[view].keys[layer] = try keys(layer, view: view)
      case .features: views[view].features = try rows(.features, view: view)
      case .projected:
        if isComparedWithText, !has(.projected), has(.textSpace) { continue }
        views[view].projected = try rows(.projected, view: view)
      case .text:
        if has(.textSpace) { views[view].textSpace = try rows(.textSpace, view: view) }
      }
    }
  }

  private func maps(_ tensor: EvidenceTensor, view: Int) throws(EvidenceFileError) -> AttentionMaps {
    let (values, shape) = try values(of: tensor, view: view)
    return AttentionMaps(values: values, heads: shape[1], side: shape[2], tower: tower)
  }

  private func keys(_ layer: Int, view: Int) throws(EvidenceFileError) -> Matrix {
    let (values, shape) = try values(of: .keys(layer), view: view)
    let (heads, side, headWidth) = (shape[1], shape[2], shape[3])
    let first = tower.hasClassToken ? 1 : 0
    var rows = Matrix(rows: side - first, columns: heads * headWidth)
    for head in 0..<heads {
      for token in first..<side {
        for place in 0..<headWidth {
          rows[token - first, head * headWidth + place] = values[(head * side + token) * headWidth + place]
        }
      }
    }
    return rows.groupMeans(of: tower.merge.count)
  }

  /// [tokens, width]; rows of single patches are averaged over their merge group.
  private func rows(_ tensor: EvidenceTensor, view: Int) throws(EvidenceFileError) -> Matrix {
    let (values, shape) = try values(of: tensor, view: view)
    let rows = Matrix(rows: shape[1], columns: shape[2], values: values)
    return rows.groupMeans(of: shape[1] / tower.grid.count)
  }

  private func text() throws(EvidenceFileError) -> Matrix {
    let (values, shape) = try values(of: .text, view: nil)
    return Matrix(rows: shape[0], columns: shape[1], values: values)
  }

  private func has(_ tensor: EvidenceTensor) -> Bool { tensors.entries[tensor.name] != nil }

  /// One view's part of a tensor (all of it when `view` is nil), and the tensor's shape.
  private func values(
    of tensor: EvidenceTensor, view: Int?
  ) throws(EvidenceFileError) -> (values: [Float], shape: [Int]) {
    guard let shape = tensors.entries[tensor.name]?.shape else {
      throw .missingTensor(
        tensor.name, shape: tensor.shape, found: tensors.entries.keys.sorted(), file: tensors.path)
    }
    let buffer: WeightBuffer
    do throws(CheckpointError) { buffer = try tensors.floats(tensor.name) } catch { throw .file(error) }
    let size = view == nil ? buffer.count : buffer.count / shape[0]
    let start = (view ?? 0) * size
    let values = buffer.withUnsafeElements { Array($0[start..<start + size]) }
    guard values.allSatisfy(\.isFinite) else { throw .notFinite(tensor: tensor.name, file: tensors.path) }
    return (values, shape)
  }

  private func check(_ tensor: EvidenceTensor) throws(EvidenceFileError) {
    if let layer = tensor.layer, tower.resolve(layer: layer) != layer {
      throw .layerOutOfRange(tensor: tensor.name, depth: tower.depth, file: tensors.path)
    }
    guard let shape = tensors.entries[tensor.name]?.shape else { return }
    let views = layout.views
    let patches = tower.patchGrid.count
    let side = patches + (tower.hasClassToken ? 1 : 0)
    let fits: Bool
    let expected: String
    switch tensor {
    case .attention, .logits:
      fits = shape.count == 4 && shape[0] == views && shape[1] > 0 && shape[2] == side && shape[3] == side
      expected = "[\(views), heads, \(side), \(side)]"
    case .keys:
      fits = shape.count == 4 && shape[0] == views && shape[1] > 0 && shape[2] == side && shape[3] > 0
      expected = "[\(views), heads, \(side), headWidth]"
    case .features, .projected, .textSpace:
      fits = shape.count == 3 && shape[0] == views && [patches, tower.grid.count].contains(shape[1]) && shape[2] > 0
      expected = "[\(views), \(tower.grid.count), width]"
    case .text:
      fits = shape.count == 2 && shape.allSatisfy { $0 > 0 }
      expected = "[texts, width]"
    }
    guard fits else { throw .shape(tensor: tensor.name, expected: expected, found: shape, file: tensors.path) }
  }
}
