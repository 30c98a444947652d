import Basics
import Foundation

/// JSON Schema (2020-12) as far as `docs/schema` uses it. A keyword that is not known here is refused, wherever in a
/// file it stands, so that no check is skipped without a word.
public struct SchemaValidator {
  public struct Unsupported: Error, CustomStringConvertible {
    public let description: String
  }

  public static let folder = Fixtures.root.appending(path: "docs/schema")

  private static let annotations: Set = ["$schema", "title", "description"]
  private static let checks: Set = [
    "$ref", "type", "const", "enum", "properties", "patternProperties", "required", "additionalProperties", "items",
    "oneOf", "anyOf", "minimum", "maximum", "minItems", "maxItems", "minLength", "pattern",
  ]

  private let file: String
  private let files: [String: JSONValue]
  /// What values are compared with, where that is not the whole file.
  private let root: JSONValue?

  /// - Parameter name: of a schema in `docs/schema`, without its suffix.
  public init(_ name: String) throws {
    try self.init(file: "\(name).schema.json", in: Self.folder)
  }

  public init(file: String, in folder: URL) throws {
    var files: [String: JSONValue] = [:]
    for name in [file, "common.schema.json"] {
      guard let data = try? Data(contentsOf: folder.appending(path: name)) else { continue }
      let schema = try JSONValue(parsing: [UInt8](data))
      try Self.checkKeywords(of: schema, at: name)
      files[name] = schema
    }
    guard files[file] != nil else { throw Unsupported(description: "there is no \(file)") }
    self.file = file
    self.files = files
    root = nil
  }

  /// - Parameters:
  ///   - openAPI: a description of an HTTP interface.
  ///   - name: of one of its schemas.
  public init(openAPI: JSONValue, schema name: String) throws {
    let schemas = openAPI["components"]?["schemas"]
    for schema in schemas?.members.map({ Array($0) }) ?? [] {
      try Self.checkKeywords(of: schema.value, at: schema.name)
    }
    guard let root = schemas?[name] else { throw Unsupported(description: "there is no schema \(name)") }
    self.root = root
    file = "openapi.json"
    files = [file: openAPI]
  }

  private static func checkKeywords(of schema: JSONValue, at place: String) throws {
    if schema.boolean != nil { return }
    guard let members = schema.members else { throw Unsupported(description: "\(place) is no schema") }
    for member in members {
      let inner = "\(place)/\(member.name)"
      switch member.name {
      case "$defs", "properties", "patternProperties":
        for entry in member.value.members.map({ Array($0) }) ?? [] {
          try checkKeywords(of: entry.value, at: "\(inner)/\(entry.name)")
        }
      case "items", "additionalProperties": try checkKeywords(of: member.value, at: inner)
      case "oneOf", "anyOf":
        for element in member.value.elements.map({ Array($0) }) ?? [] { try checkKeywords(of: element, at: inner) }
      default:
        guard annotations.contains(member.name) || checks.contains(member.name) else {
          throw Unsupported(description: "\(inner): this keyword is not known")
        }
      }
    }
  }

  /// What is wrong with a value, a line each; empty where nothing is.
  public func problems(_ value: JSONValue) throws -> [String] {
    try problems(value, root ?? files[file], file, at: "$")
  }

  private func problems(
    _ value: JSONValue, _ schema: JSONValue?, _ file: String, at path: String
  ) throws -> [String] {
    guard let schema else { throw Unsupported(description: "\(path): a schema is missing in \(file)") }
    if let allowed = schema.boolean { return allowed ? [] : ["\(path) is not allowed"] }
    var found: [String] = []
    if let reference = schema["$ref"]?.string { found += try problems(value, following: reference, file, at: path) }
    found += try scalarProblems(value, schema, at: path)
    found += try objectProblems(value, schema, file, at: path)
    if let items = schema["items"] {
      let elements: [JSONValue] = value.elements.map { Array($0) } ?? []
      for (index, element) in elements.enumerated() {
        found += try problems(element, items, file, at: "\(path)[\(index)]")
      }
    }
    for (keyword, isRight) in [("oneOf", { $0 == 1 }), ("anyOf", { $0 > 0 })] as [(String, (Int) -> Bool)] {
      guard let choices = schema[keyword]?.elements.map({ Array($0) }) else { continue }
      let failures = try choices.map { try problems(value, $0, file, at: path) }
      if !isRight(failures.count { $0.isEmpty }) {
        found.append("\(path) is none of \(keyword), or several: \(failures.joined().joined(separator: "; "))")
      }
    }
    return found
  }

  /// "other.schema.json#/$defs/name", or "#/$defs/name" in this file.
  private func problems(
    _ value: JSONValue, following reference: String, _ file: String, at path: String
  ) throws -> [String] {
    let parts = reference.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let target = parts[0].isEmpty ? file : parts[0]
    let names = (parts.count > 1 ? parts[1] : "").split(separator: "/").map(String.init)
    let schema = names.reduce(files[target]) { $0?[$1] }
    guard schema != nil else { throw Unsupported(description: "\(reference) in \(file) leads nowhere") }
    return try problems(value, schema, target, at: path)
  }

  private func scalarProblems(_ value: JSONValue, _ schema: JSONValue, at path: String) throws -> [String] {
    var found: [String] = []
    func expect(_ isRight: Bool, _ what: String) { if !isRight { found.append("\(path) \(what)") } }
    if let type = schema["type"] {
      let names = type.elements.map { $0.compactMap(\.string) } ?? [type.string ?? ""]
      expect(names.contains { Self.isOf($0, value) }, "is \(value.kind), expected \(names.joined(separator: " or "))")
    }
    if let constant = schema["const"] { expect(try Self.isSame(value, constant), "is not the constant") }
    if let choices = schema["enum"]?.elements {
      expect(try choices.contains { try Self.isSame(value, $0) }, "is none of the enumerated")
    }
    if let number = value.number {
      expect(number >= schema["minimum"]?.number ?? -.infinity, "is \(number), below the minimum")
      expect(number <= schema["maximum"]?.number ?? .infinity, "is \(number), above the maximum")
    }
    if let count = value.elements?.count {
      expect(count >= schema["minItems"]?.integer ?? 0, "has \(count) elements, too few")
      expect(count <= schema["maxItems"]?.integer ?? .max, "has \(count) elements, too many")
    }
    if let text = value.string {
      expect(text.unicodeScalars.count >= schema["minLength"]?.integer ?? 0, "is too short")
      if let pattern = schema["pattern"]?.string {
        expect(text.contains(try Regex(pattern)), "is \"\(text)\", which \(pattern) does not match")
      }
    }
    return found
  }

  private func objectProblems(
    _ value: JSONValue, _ schema: JSONValue, _ file: String, at path: String
  ) throws -> [String] {
    guard let members = value.members else { return [] }
    var found = (schema["required"]?.elements.map { $0.compactMap(\.string) } ?? [])
      .filter { value[$0] == nil }.map { "\(path) has no \($0)" }
    let patterns = try (schema["patternProperties"]?.members.map { Array($0) } ?? [])
      .map { (try Regex($0.name), $0.value) }
    for member in members {
      let inner = "\(path).\(member.name)"
      let matching = patterns.filter { member.name.contains($0.0) }.map(\.1)
      let named = schema["properties"]?[member.name].map { [$0] } ?? []
      let others = schema["additionalProperties"].map { [$0] } ?? []
      for schema in named.isEmpty && matching.isEmpty ? others : named + matching {
        found += try problems(member.value, schema, file, at: inner)
      }
    }
    return found
  }

  private static func isOf(_ type: String, _ value: JSONValue) -> Bool {
    switch type {
    case "object": value.kind == .object
    case "array": value.kind == .array
    case "string": value.kind == .string
    case "boolean": value.kind == .boolean
    case "null": value.isNull
    case "integer": value.integer != nil || value.number.map { $0 == $0.rounded() } ?? false
    case "number": value.number != nil
    default: false
    }
  }

  private static func isSame(_ value: JSONValue, _ other: JSONValue) throws -> Bool {
    guard other.kind != .object, other.kind != .array else {
      throw Unsupported(description: "a constant is \(other.kind)")
    }
    if let number = value.number, let other = other.number { return number == other }
    guard value.kind == other.kind else { return false }
    return value.string == other.string && value.boolean == other.boolean
  }
}
