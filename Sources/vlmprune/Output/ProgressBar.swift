import Foundation
import VLM

/// A line on stderr that is rewritten as work goes on; nothing where stderr is no terminal.
struct ProgressBar {
  private let total: Int
  private let isShown: Bool
  private let start = ContinuousClock.now
  private var done: Int
  private let before: Int
  private var lastDrawn = Duration.zero

  /// - Parameter done: items that were there before.
  init(total: Int, isQuiet: Bool, done: Int = 0) {
    self.total = total
    self.done = done
    before = done
    isShown = !isQuiet && isatty(STDERR_FILENO) == 1
  }

  /// One item more is done. Redrawn ten times a second at most.
  mutating func advance(note: String) {
    done += 1
    let elapsed = ContinuousClock.now - start
    guard isShown, done == total || elapsed - lastDrawn > .milliseconds(100) else { return }
    lastDrawn = elapsed
    let rate = Double(done - before) / max((elapsed.milliseconds / 1000), 1e-9)
    let left = Double(total - done) / rate
    let filled = done * 30 / max(total, 1)
    let bar = String(repeating: "#", count: filled) + String(repeating: "-", count: 30 - filled)
    StandardError.write(String(format: "\r[%@] %d/%d · %.0f/s · %.0f s left · %@ ", bar, done, total, rate, left, note))
  }

  func finish() {
    if isShown { StandardError.write("\n") }
  }
}
