import Foundation
import VLM

/// Where progress goes: on a terminal a line that is rewritten ten times a second at most, elsewhere a line every ten
/// seconds. Nothing is coloured, so NO_COLOR changes nothing.
struct ProgressStream {
  enum Form {
    case rewritten, lines
  }

  /// Nil: nothing is shown.
  let form: Form?
  private let start = ContinuousClock.now
  private var lastShown: Duration?
  /// Columns of the line that stands on the terminal.
  private var shownColumns = 0

  init(isQuiet: Bool) {
    let isDumb = ProcessInfo.processInfo.environment["TERM"] == "dumb"
    form = isQuiet ? nil : isatty(STDERR_FILENO) == 1 && !isDumb ? .rewritten : .lines
  }

  var elapsed: Duration { ContinuousClock.now - start }

  /// Shows a text if it is time to.
  /// - Parameters:
  ///   - isLast: whether none follows, which a rewritten line must not miss.
  ///   - text: given the terminal's columns; nil for a line of its own.
  mutating func show(isLast: Bool = false, _ text: (Int?) -> String) {
    let elapsed = self.elapsed
    guard let form, Self.isDue(form, elapsed: elapsed, last: lastShown, isLast: isLast) else { return }
    lastShown = elapsed
    switch form {
    case .lines: StandardError.write(text(nil) + "\n")
    case .rewritten:
      let columns = TerminalSize.columns(of: STDERR_FILENO)
      let line = text(columns)
      // Blanks over what a longer line left, but not beyond the edge, which may have moved.
      let blanks = max(min(shownColumns, columns - 1) - line.count, 0)
      StandardError.write("\r\(line)\(String(repeating: " ", count: blanks))")
      shownColumns = line.count
    }
  }

  static func isDue(_ form: Form, elapsed: Duration, last: Duration?, isLast: Bool) -> Bool {
    switch form {
    case .rewritten: isLast || elapsed - (last ?? .zero) >= .milliseconds(100)
    case .lines: elapsed - (last ?? .zero) >= .seconds(10)
    }
  }

  /// Leaves the terminal at the start of a line.
  mutating func finish() {
    guard shownColumns > 0 else { return }
    StandardError.write("\n")
    shownColumns = 0
  }
}
