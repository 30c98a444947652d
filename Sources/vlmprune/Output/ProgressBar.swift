import VLM

/// How far a run of many items is, on stderr.
struct ProgressBar {
  private let total: Int
  private let verb: String
  private let before: Int
  private var done: Int
  private var stream: ProgressStream

  /// - Parameters:
  ///   - done: items that were there before; they do not count for the rate.
  ///   - verb: what is done to an item.
  init(total: Int, isQuiet: Bool, done: Int = 0, verb: String = "answered") {
    self.total = total
    self.verb = verb
    self.done = done
    before = done
    stream = ProgressStream(isQuiet: isQuiet)
  }

  /// One item more is done.
  mutating func advance(note: String) {
    done += 1
    let seconds = stream.elapsed.milliseconds / 1000
    let line = ProgressLine(
      verb: verb, done: done, total: total, rate: seconds > 0 ? Double(done - before) / seconds : nil, note: note)
    stream.show(isLast: done == total) { columns in columns.map { line.text(columns: $0) } ?? line.plain }
  }

  mutating func finish() { stream.finish() }
}
