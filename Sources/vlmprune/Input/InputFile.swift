import Foundation
import VLM

/// Reads the files that users name.
enum InputFile {
  /// The bytes of a regular file, or of stdin for "-". An image is bounded, so that a device or a mistake cannot fill
  /// memory.
  static func bytes(_ path: String, limit: Int = 1 << 30) throws -> [UInt8] {
    if path == "-" {
      return try bounded(FileHandle.standardInput, named: "stdin", limit: limit)
    }
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw VLMError.unreadable(file: path, reason: "no such file")
    }
    guard !isFolder.boolValue else { throw VLMError.unreadable(file: path, reason: "it is a folder") }
    guard let handle = FileHandle(forReadingAtPath: path) else {
      throw VLMError.unreadable(file: path, reason: String(cString: strerror(errno)))
    }
    defer { try? handle.close() }
    return try bounded(handle, named: path, limit: limit)
  }

  /// Text of a file, UTF-8. A byte-order mark is dropped, and a line break becomes one character.
  static func text(_ path: String) throws -> String {
    let bytes = try bytes(path, limit: 1 << 26)
    if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
      throw VLMError.unreadable(file: path, reason: "it is UTF-16 text: save it as UTF-8")
    }
    let content = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
    guard let text = String(validating: content, as: UTF8.self) else {
      throw VLMError.unreadable(file: path, reason: "it is not UTF-8 text")
    }
    return text.replacing("\r\n", with: "\n")
  }

  private static func bounded(_ handle: FileHandle, named name: String, limit: Int) throws -> [UInt8] {
    var bytes: [UInt8] = []
    while true {
      let piece: Data?
      do { piece = try handle.read(upToCount: 1 << 20) } catch {
        throw VLMError.unreadable(file: name, reason: "reading failed")
      }
      guard let piece, !piece.isEmpty else { return bytes }
      bytes += piece
      guard bytes.count <= limit else {
        throw VLMError.unreadable(file: name, reason: "it is larger than \(limit) bytes")
      }
    }
  }
}
