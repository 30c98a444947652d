import Basics
import Kernels

/// A strategy that decides from a picture's pixels which tokens enter the tower: the others are never encoded. Its
/// rows are plain copies. It runs where a tower can encode some of a view's cells, and reads no evidence.
public protocol BeforeEncoderPruning: PruningStrategy {
  /// Refuses a budget that its options do not allow, whatever the picture.
  func check(_ budget: Budget) throws(PruningError)
  /// Decides what enters the tower.
  /// - Parameters:
  ///   - pixels: of each view.
  ///   - budget: never everything.
  func plan(
    _ picture: PictureDescription, pixels: [CellPixels], keeping budget: Budget
  ) throws(PruningError) -> ImagePlan
}

extension BeforeEncoderPruning {
  public static var place: PruningPlace { .beforeTower }

  public func check(_ budget: Budget) throws(PruningError) {}

  public func evidence(on tower: TowerDescription) -> Evidence { .none }

  /// Refused: an encoded picture comes too late.
  /// - Throws: `needsPixels`.
  public func plan(
    _ image: EncodedImage, question: QuestionEvidence, keeping budget: Budget, in context: inout PlanContext
  ) throws(PruningError) -> ImagePlan {
    throw .needsPixels(strategy: Self.name)
  }
}

/// The pixels of one view, cut into the cells that become tokens.
public struct CellPixels: Sendable {
  /// Tokens of the view, in rows and columns.
  public let grid: Grid
  /// [cells, values], in raster order: a cell's values from 0 to 1, in the same order in every cell.
  public let values: Matrix

  public init(grid: Grid, values: Matrix) {
    precondition(values.rows == grid.count, "one row a cell")
    self.grid = grid
    self.values = values
  }
}

extension ImagePlan {
  /// The same rows, from views of which only some tokens are at hand: sources count among those.
  /// - Parameter tokens: of each view, ascending; every source is one of them.
  public func counted(among tokens: [[Int]]) -> ImagePlan {
    precondition(views.count == tokens.count, "one list a view")
    let counted = zip(views, tokens).map { plan, tokens in
      let places = Dictionary(uniqueKeysWithValues: tokens.enumerated().map { ($0.element, $0.offset) })
      let sources = plan.sources.map { source in
        guard source >= 0 else { return source }
        guard let place = places[source] else { preconditionFailure("the plan sends token \(source), not encoded") }
        return place
      }
      return ViewPlan(rowStarts: plan.rowStarts, sources: sources, weights: plan.weights, anchors: plan.anchors)
    }
    return ImagePlan(unchecked: counted, sequence: sequence, tokens: tokens.map(\.count))
  }
}
