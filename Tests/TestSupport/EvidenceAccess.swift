import Kernels
import Pruning

extension TapValue {
  /// The rows of a class row or a map; nil for anything else.
  public var rows: Matrix? { if case .rows(let rows) = self { rows } else { nil } }
  /// The column sums; nil for anything else.
  public var sums: [Double]? { if case .sums(let sums) = self { sums } else { nil } }
  /// The sums of the patch–patch block; nil for anything else.
  public var patchSums: PatchSums? { if case .patchSums(let sums) = self { sums } else { nil } }
}

extension EvidenceValue {
  public var matrix: Matrix? { if case .matrix(let matrix) = self { matrix } else { nil } }
  public var vector: [Double]? { if case .vector(let vector) = self { vector } else { nil } }
  public var means: PatchMeans? { if case .means(let means) = self { means } else { nil } }
}
