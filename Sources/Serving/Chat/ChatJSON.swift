import Foundation

/// JSON as OpenAI writes it: keys in snake case.
enum ChatJSON {
  static func bytes(_ value: some Encodable) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(value) else {
      preconditionFailure("texts, integers and finite numbers encode")
    }
    return [UInt8](data)
  }
}
