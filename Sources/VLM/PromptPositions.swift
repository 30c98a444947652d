import Basics
import Kernels
import Language
import Pruning

/// A part of a prompt, as positions see it.
public enum PromptSpan: Sendable, Hashable {
  /// This many tokens of text.
  case text(Int)
  /// The rows that stand for one marker.
  case visual(VisualSpan)
}

/// The rows that stand for one marker of a prompt: those of a picture, or of some of its views.
public struct VisualSpan: Sendable, Hashable {
  public let kind: PictureKind
  /// Each row's place in the unpruned sequence of these views.
  public let places: [Int]
  /// That sequence's length.
  public let unprunedLength: Int
  /// Sent tokens of each view before pruning, in rows and columns.
  public let grids: [Grid]
  /// For a video: seconds from one view to the next, on average.
  public let secondsPerView: Double?

  public init(
    kind: PictureKind, places: [Int], unprunedLength: Int, grids: [Grid], secondsPerView: Double? = nil
  ) {
    self.kind = kind
    self.places = places
    self.unprunedLength = unprunedLength
    self.grids = grids
    self.secondsPerView = secondsPerView
  }
}

extension VisionFamily {
  /// Positions for families that count one after another: of what is sent, or of what would have been sent unpruned.
  /// - Returns: a position for each token and row, and the position of the first new token.
  public func positions(
    of spans: [PromptSpan], numbering: ImagePlan.Positions
  ) -> (positions: [Position], next: Position) {
    var positions: [Position] = []
    var place = 0
    for span in spans {
      switch span {
      case .text(let count):
        positions += (place..<place + count).map { Position($0) }
        place += count
      case .visual(let span):
        switch numbering {
        case .renumbered:
          positions += span.places.indices.map { Position(place + $0) }
          place += span.places.count
        case .original:
          positions += span.places.map { Position(place + $0) }
          place += span.unprunedLength
        }
      }
    }
    return (positions, Position(place))
  }
}
