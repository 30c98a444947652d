import Foundation

/// How far some work is, as text.
struct ProgressLine {
  /// What is done to an item: "answered".
  let verb: String
  let done: Int
  let total: Int
  /// Items a second; nil while nothing is known.
  let rate: Double?
  /// What else there is to say; may be empty.
  let note: String

  /// Under this many columns a bar would leave no room for the numbers.
  static let narrowest = 40
  private static let barCells = 10...30

  /// For a terminal: a bar and numbers in fewer than `columns` columns, or numbers alone where there is no room for
  /// both. The last column stays free: some terminals go to the next line as soon as it is written. What matters least
  /// is left out first.
  func text(columns: Int) -> String {
    let room = max(columns - 1, 0)
    var parts = ["\(done)/\(total)"] + details
    func numbers() -> String { parts.joined(separator: " · ") }
    guard columns >= Self.narrowest else {
      while parts.count > 1, numbers().count > room { parts.removeLast() }
      return String(numbers().prefix(room))
    }
    // "[", "]" and a space.
    let frame = 3
    while parts.count > 1, numbers().count + frame + Self.barCells.lowerBound > room { parts.removeLast() }
    let cells = min(room - frame - numbers().count, Self.barCells.upperBound)
    guard cells > 0 else { return String(numbers().prefix(room)) }
    let filled = min(done * cells / max(total, 1), cells)
    return "[\(String(repeating: "#", count: filled))\(String(repeating: "-", count: cells - filled))] \(numbers())"
  }

  /// For a file or a pipe: "answered 120 of 3200 · 4.1/s · 12 min left".
  var plain: String { (["\(verb) \(done) of \(total)"] + details).joined(separator: " · ") }

  private var details: [String] {
    guard let rate, rate > 0 else { return note.isEmpty ? [] : [note] }
    let speed = String(format: rate < 10 ? "%.1f/s" : "%.0f/s", rate)
    return [speed, "\(Self.time(Double(total - done) / rate)) left"] + (note.isEmpty ? [] : [note])
  }

  /// Seconds under a minute and a half, minutes under an hour and a half, hours from there.
  static func time(_ seconds: Double) -> String {
    switch seconds {
    case ..<90: String(format: "%.0f s", seconds)
    case ..<5400: String(format: "%.0f min", seconds / 60)
    default: String(format: "%.1f h", seconds / 3600)
    }
  }
}

/// How far packing is.
enum PackingLine {
  /// "packing weights 34 % · 3.1 of 7.1 GB", in at most `columns` − 1 columns; nil: however long it is.
  static func text(doneBytes: Int, totalBytes: Int, columns: Int? = nil) -> String {
    let percent = doneBytes * 100 / max(totalBytes, 1)
    let (unit, size) = totalBytes < 1_000_000_000 ? ("MB", 1e6) : ("GB", 1e9)
    let form = unit == "MB" ? "%.0f of %.0f %@" : "%.1f of %.1f %@"
    let amount = String(format: form, Double(doneBytes) / size, Double(totalBytes) / size, unit)
    let line = "packing weights \(percent) % · \(amount)"
    return String(line.prefix(columns.map { max($0 - 1, 0) } ?? line.count))
  }
}
