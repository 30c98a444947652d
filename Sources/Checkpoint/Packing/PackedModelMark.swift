import Foundation

/// A small file beside a file of packed weights. It says that exactly this file was read in full and its digests were
/// right, so that a start need not read gigabytes again. If the file was replaced or changed since, the mark does not
/// count.
struct PackedModelMark {
  private let path: String

  /// How many nanoseconds a file must have been left alone before it is marked. File times have the resolution of a
  /// timer's ticks: a write in the same tick as the check would go unnoticed.
  private static let rest = 1_000_000_000

  /// - Parameter pack: the path of the packed weights.
  init(of pack: String) { path = Self.path(of: pack) }

  static func path(of pack: String) -> String { "\(pack).checked" }

  /// Whether the file was checked in the state that `identity` describes.
  func tells(_ identity: FileIdentity) -> Bool {
    guard let bytes = FileManager.default.contents(atPath: path) else { return false }
    return String(decoding: bytes, as: UTF8.self) == Self.line(identity)
  }

  /// Records that it was. If the mark cannot be written, the next start checks again.
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
