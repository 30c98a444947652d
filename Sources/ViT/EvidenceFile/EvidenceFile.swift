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
    return EncodedImage(picture, views: views)
  }

  /// What a strategy reads about the question.
  /// - Throws: as `image(providing:)`.
  public func question(providing evidence: Evidence) throws(EvidenceFileError) -> QuestionEvidence {
    var question: QuestionEvidence = [:]
    for kind in evidence.question {
      let (values, shape) = try values(of: EvidenceTensor(holding: kind), view: nil)
      question[kind] = Matrix(rows: shape[0], columns: shape[1], values: values)
    }
    return question
  }

  private func value(of kind: EvidenceKind, view: Int) throws(EvidenceFileError) -> EvidenceValue {
    switch kind {
    case .attention(let tap, _):
      let tensor = EvidenceTensor(holding: kind)
      if case .classRow = tap, !tower.hasClassToken { throw .noClassToken(tensor: tensor.name, file: tensors.path) }
      let (values, shape) = try values(of: tensor, view: view)
      let map = Matrix(rows: shape[1] * shape[2], columns: shape[3], values: values)
      return reducer.reduce(tap.read(map, prefix: metadata.prefix))
    case .keys(let layer): return .matrix(try keys(layer, view: view))
    case .features: return .matrix(try rows(.features, view: view))
    case .projected: return .matrix(try rows(.projected, view: view))
    case .textSpace: return .matrix(try rows(textSpace, view: view))
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
    let (patches, tokens) = (picture.patchGrids[0].count, picture.tokens[0])
    let side = patches + metadata.prefix
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
      fits = shape.count == 3 && shape[0] == views && [patches, tokens].contains(shape[1]) && shape[2] > 0
      expected = "[\(views), \(tokens), width]"
    case .text:
      fits = shape.count == 2 && shape.allSatisfy { $0 > 0 }
      expected = "[texts, width]"
    }
    guard fits else { throw .shape(tensor: tensor.name, expected: expected, found: shape, file: tensors.path) }
  }
}
