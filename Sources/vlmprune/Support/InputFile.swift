import Foundation
import VLM

/// Reading what users name, and checking what they want written.
enum InputFile {
  /// The bytes of a regular file, or of stdin for "-". An image is bounded, so that a device or a mistake cannot fill memory.
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

  /// Text of a file, UTF-8.
  static func text(_ path: String) throws -> String {
    guard let text = String(validating: try bytes(path, limit: 1 << 26), as: UTF8.self) else {
      throw VLMError.unreadable(file: path, reason: "it is not UTF-8 text")
    }
    return text
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
