import Foundation

/// Operators, filters, tests and methods of templates, as Python and Jinja define them.
enum JinjaOperations {
  static func binary(_ symbol: String, _ left: JinjaValue, _ right: JinjaValue) throws(JinjaError) -> JinjaValue {
    switch (symbol, left, right) {
    case ("==", _, _): return .boolean(left == right)
    case ("!=", _, _): return .boolean(left != right)
    case ("in", .string(let part), .string(let whole)): return .boolean(part.isEmpty || whole.contains(part))
    case ("in", _, .list(let elements)): return .boolean(elements.contains(left))
    case ("in", .string(let name), .object): return .boolean(right[name] != nil)
    case ("~", _, _):
      if let first = left.text, let second = right.text { return .string(first + second) }
    case ("+", .string(let first), .string(let second)): return .string(first + second)
    case ("+", .list(let first), .list(let second)): return .list(first + second)
    case (_, .integer(let first), .integer(let second)): return try arithmetic(symbol, first, second)
    default: break
    }
    throw JinjaError(reason: "\"\(symbol)\" between values that it does not join")
  }

  private static func arithmetic(_ symbol: String, _ first: Int, _ second: Int) throws(JinjaError) -> JinjaValue {
    switch symbol {
    case "<": return .boolean(first < second)
    case ">": return .boolean(first > second)
    case "<=": return .boolean(first <= second)
    case ">=": return .boolean(first >= second)
    case "+": return try exact(symbol, first.addingReportingOverflow(second))
    case "-": return try exact(symbol, first.subtractingReportingOverflow(second))
    case "*": return try exact(symbol, first.multipliedReportingOverflow(by: second))
    // Python rounds quotients down, so the remainder has the sign of the divisor.
    case "%" where second != 0:
      let rest = second == -1 ? 0 : first % second
      return .integer(rest != 0 && (rest < 0) != (second < 0) ? rest + second : rest)
    case "//" where second != 0:
      let quotient = first.dividedReportingOverflow(by: second)
      let isRounded = second != -1 && first % second != 0 && (first < 0) != (second < 0)
      return try exact(symbol, isRounded ? (quotient.partialValue - 1, false) : quotient)
    default: throw JinjaError(reason: "\"\(symbol)\" of these numbers")
    }
  }

  /// Python's whole numbers have no bounds; these have, and none is wrong without a word.
  private static func exact(
    _ symbol: String, _ result: (partialValue: Int, overflow: Bool)
  ) throws(JinjaError) -> JinjaValue {
    guard !result.overflow else { throw JinjaError(reason: "\"\(symbol)\" gives a number that is too large") }
    return .integer(result.partialValue)
  }

  static func member(_ owner: JinjaValue, _ key: JinjaValue) throws(JinjaError) -> JinjaValue {
    switch (owner, key) {
    case (.object, .string(let name)): return owner[name] ?? .undefined
    case (.list(let elements), .integer(let index)):
      let place = index < 0 ? elements.count + index : index
      return elements.indices.contains(place) ? elements[place] : .undefined
    case (.undefined, _): throw JinjaError(reason: "something is read of a name that is not set")
    default: return .undefined
    }
  }

  static func slice(_ owner: JinjaValue, from: Int?, to: Int?) throws(JinjaError) -> JinjaValue {
    func bounds(_ count: Int) -> Range<Int> {
      func clamped(_ index: Int) -> Int { min(max(index < 0 ? count + index : index, 0), count) }
      let start = clamped(from ?? 0)
      return start..<max(start, clamped(to ?? count))
    }
    switch owner {
    case .list(let elements): return .list(Array(elements[bounds(elements.count)]))
    case .string(let text): return .string(String(Array(text)[bounds(text.count)]))
    default: throw JinjaError(reason: "a slice of what is no list")
    }
  }

  static func test(_ value: JinjaValue, _ name: String) throws(JinjaError) -> Bool {
    switch name {
    case "defined": return value != .undefined
    case "undefined": return value == .undefined
    case "none": return value == .none
    case "string": if case .string = value { return true } else { return false }
    case "mapping": if case .object = value { return true } else { return false }
    case "iterable", "sequence": return value.elements != nil && value != .undefined
    case "true": return value == .boolean(true)
    case "false": return value == .boolean(false)
    default: throw JinjaError(reason: "the test \"\(name)\" is not supported")
    }
  }

  static func filter(
    _ value: JinjaValue, _ name: String, _ arguments: [JinjaValue]
  ) throws(JinjaError) -> JinjaValue {
    switch (name, value) {
    case ("trim", .string(let text)): return .string(text.trimmingCharacters(in: .whitespacesAndNewlines))
    case ("upper", .string(let text)): return .string(text.uppercased())
    case ("lower", .string(let text)): return .string(text.lowercased())
    case ("capitalize", .string(let text)):
      return .string(text.prefix(1).uppercased() + text.dropFirst().lowercased())
    case ("string", _): if let text = value.text { return .string(text) }
    case ("length", _), ("count", _): if let elements = value.elements { return .integer(elements.count) }
    case ("list", _): if let elements = value.elements { return .list(elements) }
    case ("first", _): if let elements = value.elements { return elements.first ?? .undefined }
    case ("last", _): if let elements = value.elements { return elements.last ?? .undefined }
    case ("default", _): return value == .undefined ? arguments.first ?? .string("") : value
    case ("join", _):
      let texts = value.elements?.map(\.text) ?? []
      if value.elements != nil, !texts.contains(nil) {
        return .string(texts.compactMap { $0 }.joined(separator: arguments.first?.text ?? ""))
      }
    case ("selectattr", _), ("rejectattr", _):
      return try select(value, arguments, keeps: name == "selectattr")
    default: break
    }
    throw JinjaError(reason: "the filter \"\(name)\" is not supported here")
  }

  /// `list | selectattr('type', 'equalto', 'image')`
  private static func select(
    _ value: JinjaValue, _ arguments: [JinjaValue], keeps: Bool
  ) throws(JinjaError) -> JinjaValue {
    guard let elements = value.elements, case .string(let attribute)? = arguments.first else {
      throw JinjaError(reason: "a selection by what is no name")
    }
    func isChosen(_ element: JinjaValue) throws(JinjaError) -> Bool {
      let found = try member(element, .string(attribute))
      guard arguments.count > 1 else { return found.isTrue }
      guard arguments.count == 3, ["equalto", "eq", "=="].map({ .string($0) }).contains(arguments[1]) else {
        throw JinjaError(reason: "a selection that is not by equality")
      }
      return found == arguments[2]
    }
    var chosen: [JinjaValue] = []
    for element in elements where try isChosen(element) == keeps { chosen.append(element) }
    return .list(chosen)
  }

  static func method(
    _ owner: JinjaValue, _ name: String, _ arguments: [JinjaValue]
  ) throws(JinjaError) -> JinjaValue {
    switch (owner, name, arguments.first) {
    case (.string(let text), "upper", nil): return .string(text.uppercased())
    case (.string(let text), "lower", nil): return .string(text.lowercased())
    case (.string, "capitalize", nil): return try filter(owner, "capitalize", [])
    case (.string(let text), "strip", nil): return .string(text.trimmingCharacters(in: .whitespacesAndNewlines))
    case (.string(let text), "lstrip", nil): return .string(String(text.drop(while: \.isWhitespace)))
    case (.string(let text), "rstrip", nil):
      return .string(String(text.reversed().drop(while: \.isWhitespace).reversed()))
    case (.string(let text), "startswith", .string(let prefix)?): return .boolean(text.hasPrefix(prefix))
    case (.string(let text), "endswith", .string(let suffix)?): return .boolean(text.hasSuffix(suffix))
    case (.object, "get", .string(let key)?): return owner[key] ?? (arguments.count > 1 ? arguments[1] : .none)
    case (.object(let members), "items", nil):
      return .list(members.map { .list([.string($0.name), $0.value]) })
    default: throw JinjaError(reason: "the method \"\(name)\" is not supported here")
    }
  }
}
