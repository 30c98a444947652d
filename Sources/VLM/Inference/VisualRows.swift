import Basics
import Kernels
import Language
import Pruning

/// What is sent of one picture: connected rows, and where they stood before pruning.
public struct VisualRows: Sendable {
  public let plan: ImagePlan
  /// [rows, decoder width], in the order of the sequence.
  public let rows: Matrix
  /// Of families that add to the first decoder blocks' outputs, too (DeepStack): what is added after block k at `rows`,
  /// [rows, decoder width] each; empty elsewhere.
  public let levels: [Matrix]
  /// Each row's place in the picture's unpruned sequence.
  public let originalPlaces: [Int]
  /// Length of the unpruned sequence.
  public let unprunedLength: Int
  /// Sent tokens of each view before pruning, in rows and columns.
  public let grids: [Grid]
  /// What the tower made of each view's patches; nil where every row stayed.
  public var reduced: [ReducedView]?

  /// Visual tokens before pruning; separators and a class token that is always sent are not counted.
  public var total: Int { plan.tokens.reduce(0, +) }
  /// Visual tokens that left the tower.
  public var leavingTower: Int { reduced?.reduce(0) { $0 + $1.tokens.count } ?? total }
  /// Visual tokens kept, counted likewise.
  public var kept: Int { plan.keptTokens }
}

extension VisualRows {
  /// The rows as positions see them where one marker stands for all.
  public func span(of picture: Picture) -> VisualSpan {
    VisualSpan(
      kind: picture.kind, places: originalPlaces, unprunedLength: unprunedLength, grids: grids,
      secondsPerView: picture.secondsPerView)
  }

  /// What is added after the first decoder blocks where the rows begin at place `first` of a prompt; nil if nothing.
  public func additions(from first: Int) -> LayerAdditions? {
    levels.isEmpty ? nil : LayerAdditions(rows: Array(first..<first + rows.rows), levels: levels)
  }
}

/// The rows that one marker of the prompt stands for.
struct VisualRun {
  /// Of the picture's rows.
  let rows: Range<Int>
  let places: [Int]
  let unprunedLength: Int
  let grids: [Grid]
}

extension VisualRows {
  /// The rows of each of `count` markers, which share out the views evenly.
  func runs(_ count: Int) -> [VisualRun] {
    guard count > 1 else {
      return [
        VisualRun(
          rows: 0..<rows.rows, places: originalPlaces, unprunedLength: unprunedLength, grids: grids)
      ]
    }
    precondition(grids.count % count == 0 && unprunedLength == total, "markers share views that nothing separates")
    let views = grids.count / count
    var (first, start) = (0, 0)
    return (0..<count).map { run in
      let grids = Array(self.grids[run * views..<(run + 1) * views])
      let length = grids.reduce(0) { $0 + $1.count }
      let places = originalPlaces[first...].prefix { $0 < start + length }.map { $0 - start }
      defer { (first, start) = (first + places.count, start + length) }
      return VisualRun(rows: first..<first + places.count, places: places, unprunedLength: length, grids: grids)
    }
  }
}
