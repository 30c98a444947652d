import Checkpoint
import Kernels

/// Maps a tower's rows to the decoder's width: norm, the patches of a merge group side by side, and two layers. Each
/// level of DeepStack has its own.
public struct QwenMerger: Sendable {
  /// Of the last block, then of each DeepStack block.
  private let levels: [Level]
  private let columns: Int
  private let outputWidth: Int

  /// Reads `merger` and `deepstack_merger_list` from `scope`, the tower's own.
  public init(_ configuration: QwenVisionConfiguration, from scope: WeightScope) throws(CheckpointError) {
    let scope = scope.of(.projector)
    var levels = [try Level(configuration, from: scope.scope("merger"), normsGroups: false)]
    for index in configuration.deepStackBlocks.indices {
      let own = scope.scope("deepstack_merger_list", index)
      levels.append(try Level(configuration, from: own, normsGroups: true))
    }
    self.levels = levels
    columns = configuration.levels * configuration.groupSize * configuration.width
    outputWidth = configuration.outputWidth
  }

  /// [tokens, levels · groupSize · width] → [tokens, levels · outputWidth].
  public func callAsFunction(_ rows: Matrix, workers: Workers) -> Matrix {
    precondition(rows.columns == columns, "a merger reads its tower's rows")
    var merged = Matrix(rows: rows.rows, columns: levels.count * outputWidth)
    for start in stride(from: 0, to: rows.rows, by: Self.chunk) {
      let part = start..<min(start + Self.chunk, rows.rows)
      for (index, level) in levels.enumerated() {
        let width = level.expand.inputs
        var values: [Float] = []
        values.reserveCapacity(part.count * width)
        for row in part { values += rows.row(row).dropFirst(index * width).prefix(width) }
        let output = level.merge(values, tokens: part.count, workers: workers)
        for (token, row) in part.enumerated() {
          let place = row * merged.columns + index * outputWidth
          merged.values.replaceSubrange(place..<place + outputWidth, with: output.row(token))
        }
      }
    }
    return merged
  }

  /// Tokens that pass together: a large view has thousands, with as many channels each.
  private static let chunk = 1024

  private struct Level: Sendable {
    let norm: QwenNorm
    /// Whether the norm is over a whole merge group, and not over each patch.
    let normsGroups: Bool
    let groupSize: Int
    let expand: Linear
    let contract: Linear

    init(
      _ configuration: QwenVisionConfiguration, from scope: WeightScope, normsGroups: Bool
    ) throws(CheckpointError) {
      self.normsGroups = normsGroups
      groupSize = configuration.groupSize
      let width = groupSize * configuration.width
      let naming = configuration.naming
      norm = try QwenNorm(
        configuration, from: scope, name: naming.mergerNorm, width: normsGroups ? width : configuration.width)
      expand = try scope.linear(naming.mergerExpand, inputs: width, outputs: width, bias: true)
      contract = try scope.linear(
        naming.mergerContract, inputs: width, outputs: configuration.outputWidth, bias: true)
    }

    /// [tokens, groupSize · width] → [tokens, outputWidth].
    func merge(_ values: [Float], tokens: Int, workers: Workers) -> Matrix {
      var normed = [Float](repeating: 0, count: values.count)
      norm.apply(values, rows: normsGroups ? tokens : tokens * groupSize, into: &normed, workers: workers)
      let inner = expand(
        Matrix(rows: tokens, columns: expand.inputs, values: normed), activation: .gelu, workers: workers)
      return contract(inner, workers: workers)
    }
  }
}
