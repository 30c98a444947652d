import Foundation

/// A small file beside one of packed weights that says: this very file was read whole, and its digests were right. So
/// that a start need not read gigabytes again. Where the file is another, or was changed since, the mark tells nothing.
struct PackedModelMark {
  private let path: String

  /// How long a file must have been left alone before it is marked. Times of files have the resolution of a timer's
  /// ticks: what is written in the tick of the check would look unchanged.
  private static let rest = 1_000_000_000

  /// - Parameter pack: the path of the packed weights.
  init(of pack: String) { path = Self.path(of: pack) }

  static func path(of pack: String) -> String { "\(pack).checked" }

  /// Whether the file that `identity` names was checked as it is.
  func tells(_ identity: FileIdentity) -> Bool {
    guard let bytes = FileManager.default.contents(atPath: path) else { return false }
    return String(decoding: bytes, as: UTF8.self) == Self.line(identity)
  }

  /// Remembers that it was. Where that cannot be written, the next start checks again.
  func leave(_ identity: FileIdentity, now: Int) {
    guard now - max(identity.modified, identity.changed) >= Self.rest else { return }
    try? Data(Self.line(identity).utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
  }

  private static func line(_ identity: FileIdentity) -> String {
    let numbers = [Int(truncatingIfNeeded: identity.device), Int(truncatingIfNeeded: identity.inode)]
    let rest = [identity.size, identity.modified, identity.changed]
    return "checked 1 " + (numbers + rest).map(String.init).joined(separator: " ") + "\n"
  }
}
