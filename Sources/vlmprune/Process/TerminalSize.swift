import Foundation

/// The window of a terminal.
enum TerminalSize {
  /// Columns as they are now; 80 where nobody set any.
  static func columns(of descriptor: Int32) -> Int {
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }
}
