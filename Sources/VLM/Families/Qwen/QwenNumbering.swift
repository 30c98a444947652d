import Basics
import Kernels

/// The position numbers of Qwen-VL prompts (M-RoPE), as transformers 5.23 counts them. Text counts in all three
/// dimensions at once. A picture that begins at s has rows and columns from s on; the text after it goes on at s + the
/// larger of its two sides, whatever the times of a video are.
struct QwenNumbering: Sendable {
  /// Position numbers in a second of video; nil: one number a view.
  let perSecond: Double?

  /// Rows keep the numbers that they have in the unpruned prompt, and so do new tokens, which go on after its largest.
  func positions(of spans: [PromptSpan]) -> (positions: [Position], next: Position) {
    var positions: [Position] = []
    var (start, largest) = (0, -1)
    for span in spans {
      switch span {
      case .text(let count):
        positions += (start..<start + count).map { Position($0) }
        start += count
        largest = max(largest, start - 1)
      case .visual(let span):
        let grid = span.grids[0]
        precondition(span.grids.allSatisfy { $0 == grid }, "the views of a picture have one size")
        let times = times(of: span)
        positions += span.places.map { place in
          let (view, cell) = place.quotientAndRemainder(dividingBy: grid.count)
          return Position(
            temporal: start + times[view], height: start + cell / grid.columns, width: start + cell % grid.columns)
        }
        largest = max(largest, start + max(times.last ?? 0, grid.rows - 1, grid.columns - 1))
        start += max(grid.rows, grid.columns)
      }
    }
    return (positions, Position(largest + 1))
  }

  /// The largest whole number up to which Float32 holds all: a time that a user gives may be any.
  private static let largestTime = Float(1 << 24)

  /// The time number of each view, from 0: ⌊view · interval⌋ in Float32, as the reference multiplies.
  private func times(of span: VisualSpan) -> [Int] {
    var interval: Float = 1
    if span.kind == .video, let perSecond, let seconds = span.secondsPerView {
      interval = Float(perSecond) * Float(seconds)
    }
    let bound = min(interval, Self.largestTime)
    return span.grids.indices.map { Int(min(Float($0) * bound, Self.largestTime)) }
  }
}
