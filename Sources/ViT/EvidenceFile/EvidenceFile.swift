import Basics
import Checkpoint
import Kernels
import Pruning

/// Tensors of one image from any source, in the format of `vlmprune select`: attention maps, logits, keys and features
/// with the metadata that say how to read them. Everything is checked against the metadata when the file is opened;
/// values are read, and checked to be finite, when a strategy asks for them.
public struct EvidenceFile: Sendable {
  private let tensors: TensorFile
  private let metadata: EvidenceMetadata
  /// The picture that the tensors are of.
  public let picture: PictureDescription

  public var tower: TowerDescription { metadata.tower }
  public var layout: ViewLayout { metadata.layout }

  /// - Throws: for a file that is not a safetensors file, metadata that cannot be read, or a known tensor of an
  ///   impossible shape.
  public init(path: String) throws(EvidenceFileError) {
    do throws(CheckpointError) { tensors = try TensorFile(path: path) } catch { throw .file(error) }
    metadata = try EvidenceMetadata(parsing: tensors.metadata, file: path)
    picture = metadata.picture
    for name in tensors.entries.keys.sorted() {
      if let tensor = EvidenceTensor(named: name) { try check(tensor) }
    }
  }

  /// The image as a strategy sees it, with the evidence asked for and nothing else.
  /// - Throws: `missingTensor` naming the first tensor that is not there, `noClassToken`, or `notFinite`.
  public func image(providing evidence: Evidence) throws(EvidenceFileError) -> EncodedImage {
    var views = [ViewEvidence](repeating: [:], count: layout.views)
    for kind in evidence.kinds.sorted(by: { $0.description < $1.description }) {
      for view in views.indices { views[view][kind] = try value(of: kind, view: view) }
    }
    return EncodedImage(picture, views: views, shared: try shared(evidence.shared))
  }

  private func value(of kind: EvidenceKind, view: Int) throws(EvidenceFileError) -> EvidenceValue {
    switch kind {
    case .attention(let tap, _):
      let tensor = EvidenceTensor(holding: kind)
      if case .classRow = tap, !tower.hasClassToken { throw .noClassToken(tensor: tensor.name, file: tensors.path) }
      let (values, shape) = try values(of: tensor, view: view)
      let map = Matrix(rows: shape[1] * shape[2], columns: shape[3], values: values)
      return reducer.reduce(tap.read(map, prefix: metadata.prefix))
    case .classOwnLogits:
      let tensor = EvidenceTensor(holding: kind)
      if !tower.hasClassToken { throw .noClassToken(tensor: tensor.name, file: tensors.path) }
      let (values, shape) = try values(of: tensor, view: view)
      return .vector((0..<shape[1]).map { Double(values[$0 * shape[2] * shape[3]]) })
    case .keys(let layer): return .matrix(try keys(layer, view: view))
    case .features: return .matrix(try rows(.features, view: view))
    case .projected: return .matrix(try rows(.projected, view: view))
    case .textSpace: return .matrix(try rows(textSpace, view: view))
    case .clipSpace: return .matrix(try rows(.textSpace, view: view))
    }
  }

  private var reducer: EvidenceReducer { EvidenceReducer(prefix: metadata.prefix, group: tower.merge.count) }

  /// Projected rows are in the space of the decoder's embeddings, so they can be compared with text of the same width.
  private var textSpace: EvidenceTensor {
    guard tensors.entries[EvidenceTensor.textSpace.name] != nil else { return .projected }
    guard let projected = tensors.entries[EvidenceTensor.projected.name]?.shape,
      let text = tensors.entries[EvidenceTensor.text.name]?.shape
    else { return .textSpace }
    return projected[2] == text[1] ? .projected : .textSpace
  }

  private func keys(_ layer: Int, view: Int) throws(EvidenceFileError) -> Matrix {
    let (values, shape) = try values(of: .keys(layer), view: view)
    let (heads, side, headWidth) = (shape[1], shape[2], shape[3])
    var rows = Matrix(rows: side, columns: heads * headWidth)
    for head in 0..<heads {
      for token in 0..<side {
        for place in 0..<headWidth {
          rows[token, head * headWidth + place] = values[(head * side + token) * headWidth + place]
        }
      }
    }
    return reducer.reduce(rows: rows)
  }

  /// [tokens, width]; rows of single patches are averaged over their merge group.
  private func rows(_ tensor: EvidenceTensor, view: Int) throws(EvidenceFileError) -> Matrix {
    let (values, shape) = try values(of: tensor, view: view)
    let rows = Matrix(rows: shape[1], columns: shape[2], values: values)
    return rows.groupMeans(of: shape[1] / picture.tokens[view])
  }

  /// One view's part of a tensor (all of it when `view` is nil), and the tensor's shape.
  func values(
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
    if let expected = metadata.expectedShape(of: tensor, insteadOf: shape) {
      throw mismatch(tensor, expected, shape)
    }
  }

  func mismatch(_ tensor: EvidenceTensor, _ expected: String, _ found: [Int]) -> EvidenceFileError {
    .shape(tensor: tensor.name, expected: expected, found: found, file: tensors.path)
  }

  func contains(_ tensor: EvidenceTensor) -> Bool { tensors.entries[tensor.name] != nil }

  /// - Throws: `missingMetadata`.
  func imageStart() throws(EvidenceFileError) -> Int {
    guard let start = metadata.imageStart else {
      throw .missingMetadata(key: "image_start", expected: EvidenceMetadata.imageStartExpected, file: tensors.path)
    }
    return start
  }
}
