import Foundation
import TestSupport

/// A temporary folder that goes when nobody holds it any more.
final class Scratch {
  let folder: String

  init() throws {
    let url = FileManager.default.temporaryDirectory.appending(path: "vlmprune-tests-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    folder = url.path
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  func path(_ name: String) -> String { "\(folder)/\(name)" }

  /// - Returns: the file's path.
  @discardableResult
  func write(_ bytes: some Sequence<UInt8>, as name: String) throws -> String {
    try Data(bytes).write(to: URL(fileURLWithPath: path(name)))
    return path(name)
  }

  @discardableResult
  func write(_ text: String, as name: String) throws -> String { try write(text.utf8, as: name) }

  /// Names of everything in the folder, sorted.
  func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: folder).sorted() }

  func bytes(_ name: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(fileURLWithPath: path(name)))) }
}

/// A tiny checkpoint with some files replaced or left out: the rest are links.
struct AlteredCheckpoint {
  let scratch: Scratch
  var folder: String { scratch.folder }

  init(_ name: String = "tiny-classic", without left: Set<String> = []) throws {
    scratch = try Scratch()
    let original = Fixtures.model(name)
    for file in try FileManager.default.contentsOfDirectory(atPath: original.path) where !left.contains(file) {
      try FileManager.default.createSymbolicLink(
        atPath: scratch.path(file), withDestinationPath: original.appending(path: file).path)
    }
  }

  func bytes(_ file: String) throws -> [UInt8] { try scratch.bytes(file) }

  func replace(_ file: String, with bytes: some Sequence<UInt8>) throws {
    if FileManager.default.fileExists(atPath: scratch.path(file)) {
      try FileManager.default.removeItem(atPath: scratch.path(file))
    }
    try scratch.write(bytes, as: file)
  }

  /// Replaces the first occurrence of a text in a file.
  func edit(_ file: String, _ old: String, _ new: String) throws {
    let text = String(decoding: try bytes(file), as: UTF8.self)
    guard let range = text.range(of: old) else { throw NotThere(file: file, text: old) }
    try replace(file, with: text.replacingCharacters(in: range, with: new).utf8)
  }

  private struct NotThere: Error {
    let file: String
    let text: String
  }
}
