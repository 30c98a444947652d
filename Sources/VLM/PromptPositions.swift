import Kernels
import Pruning

/// A part of a prompt, as positions see it.
public enum PromptSpan: Sendable, Hashable {
  /// This many tokens of text.
  case text(Int)
  /// Rows of a picture: each one's place in the picture's unpruned sequence, and that sequence's length.
  case visual(places: [Int], unprunedLength: Int)
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
      case .visual(let places, let unprunedLength):
        switch numbering {
        case .renumbered:
          positions += places.indices.map { Position(place + $0) }
          place += places.count
        case .original:
          positions += places.map { Position(place + $0) }
          place += unprunedLength
        }
      }
    }
    return (positions, Position(place))
  }
}
