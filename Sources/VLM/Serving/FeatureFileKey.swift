import Basics

/// What a file of features belongs to.
struct FeatureFileKey: Hashable, Sendable {
  /// The model and the code that computed them.
  let maker: String
  let picture: PictureIdentity

  /// Increase it when the form or the meaning of what is kept changes.
  private static let version = 1

  /// 64 hexadecimal digits.
  var name: String { SHA256.hexadecimal("\(Self.version)\n\(maker)\n\(picture.digest)".utf8) }
}

/// Why a file of features cannot be used or written. Never fatal: the picture is encoded again.
enum FeatureFileError: Error, Equatable {
  case absent
  case damaged
  case system(String)

  var reason: String {
    switch self {
    case .absent: "no such file"
    case .damaged: "it is damaged"
    case .system(let what): what
    }
  }
}
