import Checkpoint
import Kernels
import Pruning

/// Writes one image's evidence in the format of `vlmprune select`, so that `select FILE` decides what `ask` decided.
public struct EvidenceFileWriter {
  private let tower: TowerDescription
  private let layout: ViewLayout
  private var tensors: TensorWriter

  /// - Parameter digest: the picture's, which `random` is seeded with.
  public init(tower: TowerDescription, layout: ViewLayout, imageSize: ImageSize, digest: UInt64) {
    self.tower = tower
    self.layout = layout
    let metadata = EvidenceMetadata(tower: tower, layout: layout, imageSize: imageSize, digest: digest)
    tensors = TensorWriter(metadata: metadata.fields)
  }

  /// Tensors that `evidence` is read from: what a caller must add.
  public static func tensors(for evidence: Evidence) -> Set<EvidenceTensor> {
    Set(evidence.kinds.map { EvidenceTensor(holding: $0) })
  }

  /// Adds all heads' maps of a block, one matrix [heads · S, S] a view. Positions are the class token, then patches in raster
  /// order, or in raster order of merge groups with a group's members side by side.
  public mutating func add(maps: [Matrix], as tensor: EvidenceTensor) {
    let side = tower.patchGrid.count + (tower.hasClassToken ? 1 : 0)
    precondition(maps.count == layout.views, "one matrix a view")
    precondition(
      maps.allSatisfy { $0.columns == side && $0.rows % side == 0 && $0.rows == maps[0].rows },
      "maps are [heads · S, S]")
    tensors.add(
      tensor.name, shape: [maps.count, maps[0].rows / side, side, side], maps.flatMap(\.values))
  }

  /// Adds all heads' keys of a block, one matrix [S, heads · headWidth] a view, in the order of maps.
  public mutating func add(keys: [Matrix], heads: Int, layer: Int) {
    let side = tower.patchGrid.count + (tower.hasClassToken ? 1 : 0)
    precondition(
      keys.count == layout.views && keys.allSatisfy { $0.rows == side && $0.columns % heads == 0 },
      "one matrix [S, heads · headWidth] a view")
    let headWidth = keys[0].columns / heads
    var values: [Float] = []
    for view in keys {
      for head in 0..<heads {
        for token in 0..<side { values += view.row(token).dropFirst(head * headWidth).prefix(headWidth) }
      }
    }
    tensors.add(
      EvidenceTensor.keys(layer).name, shape: [keys.count, heads, side, headWidth], values)
  }

  /// Adds features, projected rows or rows in the texts' space, one matrix [tokens, width] a view.
  public mutating func add(rows: [Matrix], as tensor: EvidenceTensor) {
    precondition(
      rows.count == layout.views && rows.allSatisfy { $0.rows == tower.grid.count && $0.columns == rows[0].columns },
      "one matrix [tokens, width] a view")
    tensors.add(tensor.name, shape: [rows.count, rows[0].rows, rows[0].columns], rows.flatMap(\.values))
  }

  /// Adds text embeddings [texts, width].
  public mutating func add(text: Matrix) {
    tensors.add(EvidenceTensor.text.name, shape: [text.rows, text.columns], text.values)
  }

  /// Writes all at once: nothing half-written is left behind.
  public func write(to path: String) throws(CheckpointError) { try tensors.write(to: path) }
}
