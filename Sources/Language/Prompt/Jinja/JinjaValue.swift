/// A value of a chat template. Only the types that templates of vision-language models use are supported.
enum JinjaValue: Equatable, Sendable {
  /// A name that was never set: false, empty, and an error as soon as a part of it is read.
  case undefined
  case none
  case boolean(Bool)
  case integer(Int)
  case string(String)
  case list([JinjaValue])
  /// In the order of the members.
  case object([Member])

  struct Member: Equatable, Sendable {
    let name: String
    var value: JinjaValue
  }

  static func object(_ members: KeyValuePairs<String, JinjaValue>) -> JinjaValue {
    .object(members.map { Member(name: $0.key, value: $0.value) })
  }

  /// Truth as Python defines it.
  var isTrue: Bool {
    switch self {
    case .undefined, .none: false
    case .boolean(let value): value
    case .integer(let value): value != 0
    case .string(let value): !value.isEmpty
    case .list(let value): !value.isEmpty
    case .object(let value): !value.isEmpty
    }
  }

  /// As it is written into the text.
  var text: String? {
    switch self {
    case .undefined: ""
    case .none: "None"
    case .boolean(let value): value ? "True" : "False"
    case .integer(let value): "\(value)"
    case .string(let value): value
    case .list, .object: nil
    }
  }

  /// A member of an object; nil for anything else, and if there is none.
  subscript(name: String) -> JinjaValue? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.name == name }?.value
  }

  /// Parts of a value: itself, the bytes of texts, and the parts of what it holds. Counted up to `limit` or a little
  /// more: lists that hold a list twice share its storage, but not the work with it.
  func size(upTo limit: Int) -> Int {
    var size = 1
    switch self {
    case .string(let text): size += text.utf8.count
    case .list(let elements):
      for element in elements where size < limit { size += element.size(upTo: limit - size) }
    case .object(let members):
      for member in members where size < limit { size += 1 + member.value.size(upTo: limit - size) }
    case .undefined, .none, .boolean, .integer: break
    }
    return size
  }

  var elements: [JinjaValue]? {
    switch self {
    case .list(let elements): elements
    case .object(let members): members.map { .string($0.name) }
    case .string(let text): text.map { .string(String($0)) }
    case .undefined: []
    default: nil
    }
  }
}

/// Why a template cannot be read or run here. The template need not be wrong: only part of the language is supported.
struct JinjaError: Error, Equatable, Sendable {
  let reason: String
}
