import Basics

/// Keys that open the server. Only their digests are kept.
public struct APIKeys: Sendable {
  private let digests: [[UInt8]]

  /// Keys of a file, one a line; nil where it holds none. White space around them is no part of them.
  public init?(file: String) {
    let keys = file.split(whereSeparator: \.isNewline).map { line in
      String(line.trimmingPrefix(while: \.isWhitespace).reversed().trimmingPrefix(while: \.isWhitespace).reversed())
    }
    digests = keys.filter { !$0.isEmpty }.map(Self.digest)
    guard !digests.isEmpty else { return nil }
  }

  /// Whether a head's `Authorization` holds one of the keys. It takes the same time wherever a wrong key differs, and
  /// whichever key is right: digests are compared, whole and all of them.
  func open(_ authorization: String?) -> Bool {
    guard let authorization else { return false }
    let parts = authorization.split(separator: " ", maxSplits: 1)
    guard parts.count == 2, parts[0].lowercased() == "bearer" else { return false }
    let given = Self.digest(String(parts[1].trimmingPrefix(while: \.isWhitespace)))
    var isOne = false
    for digest in digests {
      let difference = zip(digest, given).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) }
      isOne = (difference == 0) || isOne
    }
    return isOne
  }

  private static func digest(_ key: String) -> [UInt8] { Array(SHA256.hexadecimal(key.utf8).utf8) }
}
