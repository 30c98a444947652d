import Foundation
import VLM

/// The folder whose pictures requests may name by `file://`.
public struct MediaFolder: Sendable {
  private let root: String

  /// - Returns: nil where there is no such folder.
  public init?(_ path: String) {
    guard let real = Self.real(path) else { return nil }
    var status = stat()
    guard stat(real, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return nil }
    root = real == "/" ? real : real + "/"
  }

  /// The bytes of a picture.
  /// - Parameters:
  ///   - url: with an empty host or `localhost`; percent-coding is decoded once.
  ///   - limit: most bytes.
  /// - Throws: one and the same error whether a file outside of the folder exists or not, and for what is no file.
  func bytes(of url: String, limit: Int) throws(RequestError) -> [UInt8] {
    guard let path = Self.path(of: url), let real = Self.real(path), real.hasPrefix(root) else { throw Self.outside }
    // Opened without waiting for a writer: a pipe under the folder must not hold up the server.
    let descriptor = open(real, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW)
    guard descriptor >= 0 else { throw Self.outside }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { throw Self.outside }
    guard status.st_size <= limit else {
      throw RequestError(
        "the picture's file is larger than \(limit >> 20) MiB", hint: "shrink the picture", parameter: "messages",
        code: "invalid_image", status: 422)
    }
    let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: false)
    guard let data = try? file.read(upToCount: limit + 1), data.count <= limit else { throw Self.outside }
    return [UInt8](data)
  }

  private static let outside = RequestError(
    "the picture's file:// URL names no file of the media folder", hint: "name a file there, or send a data: URL",
    parameter: "messages", code: "invalid_image_url")

  private static func path(of url: String) -> String? {
    let rest = url.dropFirst("file://".count)
    guard let slash = rest.firstIndex(of: "/") else { return nil }
    guard ["", "localhost"].contains(rest[..<slash].lowercased()) else { return nil }
    guard let path = rest[slash...].removingPercentEncoding, !path.utf8.contains(0) else { return nil }
    return path
  }

  /// The path with all links followed; nil where nothing is there.
  private static func real(_ path: String) -> String? {
    guard let pointer = realpath(path, nil) else { return nil }
    defer { free(pointer) }
    return String(cString: pointer)
  }
}
