import Foundation
import VLM

/// Where a line's picture is: in a file, or in the line itself. Nothing is fetched.
enum PictureSource: Hashable {
  case file(String)
  case data(url: String)

  init(_ text: String) throws(RequestError) {
    if DataURL.isOne(text) {
      self = .data(url: text)
      return
    }
    let hint = "give the path of a PNG or JPEG file, or a data: URL"
    guard !text.isEmpty else { throw RequestError("the picture has no name", hint: hint, code: "invalid_image") }
    if let scheme = text.prefixMatch(of: /([A-Za-z][A-Za-z0-9+.-]*):\/\//)?.1 {
      throw RequestError(
        "the picture is a URL of \(RequestError.excerpt(String(scheme))), and nothing is fetched here",
        hint: "download it, and \(hint)", code: "invalid_image_url")
    }
    guard text != "-" else { throw RequestError("a line's picture cannot come from stdin", hint: hint) }
    // No path is this long, but base64 without its "data:" prefix is.
    guard text.utf8.count < PATH_MAX, !text.utf8.contains(0) else {
      throw RequestError("the picture is neither a path nor a data: URL", hint: hint, code: "invalid_image")
    }
    self = .file(text)
  }

  /// Equal only while the picture is the same; nil where that cannot be told, as for a folder of frames.
  var identity: [String]? {
    switch self {
    case .data(let url): [url]
    case .file(let path):
      FileFacts(path: path).flatMap { $0.isRegular ? [path] + $0.stamp.map(String.init) : nil }
    }
  }

  func read() throws -> PictureInput {
    switch self {
    case .data(let url): return .image(("the data: URL", try DataURL.bytes(of: url)))
    case .file(let path):
      // A regular file ends; a device or a pipe may not.
      if let facts = FileFacts(path: path), !facts.isRegular, !facts.isFolder {
        throw VLMError.unreadable(file: path, reason: "it is neither a file nor a folder")
      }
      return try PictureInput.read([path], asVideo: false)[0]
    }
  }
}
