import Checkpoint
import Kernels
import Pruning

/// Writes one image's evidence in the format of `vlmprune select`, so that `select FILE` decides what `ask` decided.
public struct EvidenceFileWriter {
  private let picture: PictureDescription
  private var tensors: TensorWriter

  public init(_ picture: PictureDescription) {
    precondition(Set(picture.patchGrids).count == 1, "a file's views have one grid")
    self.picture = picture
    tensors = TensorWriter(metadata: EvidenceMetadata(picture).fields)
  }

  /// The tensors that `evidence` is computed from: what a caller must add.
  public static func tensors(for evidence: Evidence) -> Set<EvidenceTensor> {
    let shared = evidence.shared.filter { !$0.isOptional }.flatMap(EvidenceTensor.holding)
    return Set(evidence.kinds.map { EvidenceTensor(holding: $0) } + evidence.question.flatMap(EvidenceTensor.holding))
      .union(shared)
  }

  /// Adds maps [V, heads, S, S] or keys [V, heads, S, headWidth] of a block. Positions are the class token, then
  /// patches in raster order, or in raster order of merge groups with a group's members side by side.
  public mutating func add(_ tensor: EvidenceTensor, shape: [Int], _ values: [Float]) {
    let side = picture.patchGrids[0].count + (picture.tower.hasClassToken ? 1 : 0)
    precondition(
      shape.count == 4 && shape[0] == picture.layout.views && shape[2] == side, "one map, or keys, a view")
    tensors.add(tensor.name, shape: shape, values)
  }

  /// Adds features, projected rows or rows in the texts' space, one matrix [tokens, width] per view.
  public mutating func add(rows: [Matrix], as tensor: EvidenceTensor) {
    precondition(
      rows.map(\.rows) == picture.tokens && rows.allSatisfy { $0.columns == rows[0].columns },
      "one matrix [tokens, width] a view")
    tensors.add(tensor.name, shape: [rows.count, rows[0].rows, rows[0].columns], rows.flatMap(\.values))
  }

  /// Adds rows that belong to no view, such as text embeddings [texts, width].
  public mutating func add(_ rows: Matrix, as tensor: EvidenceTensor) {
    tensors.add(tensor.name, shape: [rows.rows, rows.columns], rows.values)
  }

  /// Adds the separator's embedding, [decoder width].
  public mutating func add(separator: [Float]) {
    tensors.add(EvidenceTensor.newline.name, shape: [separator.count], separator)
  }

  /// Adds the projector's layers.
  public mutating func add(_ projector: ProjectorWeights) {
    add(projector.first, as: .projector(.firstWeight))
    add(projector.second, as: .projector(.secondWeight))
    tensors.add(
      EvidenceTensor.projector(.firstBias).name, shape: [projector.firstBias.count], projector.firstBias)
    tensors.add(
      EvidenceTensor.projector(.secondBias).name, shape: [projector.secondBias.count], projector.secondBias)
  }

  /// Writes everything at once, so that no half-written file is left.
  /// - Throws: also where the picture is beyond what can be read again.
  public func write(to path: String) throws(CheckpointError) {
    do { _ = try EvidenceMetadata(parsing: EvidenceMetadata(picture).fields, file: path) } catch {
      throw .unwritable(file: path, reason: error.message)
    }
    try tensors.write(to: path)
  }
}
