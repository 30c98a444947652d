import Foundation

/// A picture inside a request: `data:image/png;base64,…` (RFC 2397).
public enum DataURL {
  private static let scheme = "data:"

  /// Whether a text is meant as one. Schemes are the same in capitals.
  public static func isOne(_ text: String) -> Bool {
    text.utf8.prefix(scheme.utf8.count).elementsEqual(scheme.utf8) { $0 | 0x20 == $1 || $0 == $1 }
  }

  /// The bytes it stands for. The media type is not compared with them: what a picture is, its content says.
  public static func bytes(of text: String) throws(RequestError) -> [UInt8] {
    guard isOne(text), let comma = text.utf8.firstIndex(of: UInt8(ascii: ",")) else {
      throw wrong("has no comma before its data")
    }
    let head = text[..<comma].lowercased().split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces) }
    guard head.last == "base64", head.count > 1 || head.first != "base64" else {
      throw wrong("is not base64: its head does not end with \";base64\"")
    }
    var data = text[text.utf8.index(after: comma)...]
    if data.utf8.contains(UInt8(ascii: "%")) {
      guard let decoded = data.removingPercentEncoding else { throw wrong("has a % that no two digits follow") }
      data = decoded[...]
    }
    guard !data.isEmpty else { throw wrong("holds no data") }
    // Many writers leave the padding out.
    let missing = data.utf8.last == UInt8(ascii: "=") ? 0 : (4 - data.utf8.count % 4) % 4
    guard missing != 3, let bytes = Data(base64Encoded: data + String(repeating: "=", count: missing)) else {
      throw wrong("is not valid base64")
    }
    return [UInt8](bytes)
  }

  private static func wrong(_ reason: String) -> RequestError {
    RequestError(
      "the picture's data: URL \(reason)", hint: "write data:image/png;base64, and the file's bytes in base64",
      code: "invalid_image", status: 400)
  }
}
