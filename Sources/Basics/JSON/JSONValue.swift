/// A value in a parsed JSON text (RFC 8259), read strictly: UTF-8, no trailing data, no duplicate keys, bounded depth.
///
/// Keys and strings are compared by their bytes, so composed and decomposed spellings of a character stay different;
/// use `utf8` instead of `string` where that matters, because Swift's strings compare by canonical equivalence.
/// A value keeps the whole text alive: copy out what should outlive it.
public struct JSONValue: Sendable {
  let storage: JSONStorage
  let index: Int

  init(storage: JSONStorage, index: Int) {
    self.storage = storage
    self.index = index
  }

  /// Parses a whole text. Throws `JSONError` with the offset of the first byte that is wrong.
  public init(parsing text: [UInt8], maximumDepth: Int = 128) throws(JSONError) {
    var parser = JSONParser(text: text, maximumDepth: maximumDepth)
    self.init(storage: try parser.parse(), index: 0)
  }

  var node: JSONNode { storage.nodes[index] }

  public var kind: JSONKind { node.kind }

  public var isNull: Bool { kind == .null }

  public var boolean: Bool? { kind == .boolean ? node.count == 1 : nil }

  /// The value of an integer that was written as one (2 is, 2.0 is not) and fits.
  public var integer: Int? { kind == .integer ? Int(bitPattern: UInt(node.payload)) : nil }

  /// The value of any number; an integer is rounded to the nearest double.
  public var number: Double? {
    switch kind {
    case .number: Double(bitPattern: node.payload)
    case .integer: integer.map(Double.init)
    default: nil
    }
  }

  public var string: String? { utf8.map { String(decoding: $0, as: UTF8.self) } }

  /// The bytes of a string, with escapes decoded; always valid UTF-8.
  public var utf8: ArraySlice<UInt8>? { kind == .string ? storage.bytes(of: node) : nil }

  /// The elements of an array, in order.
  public var elements: JSONElements? { kind == .array ? JSONElements(parent: self) : nil }

  /// The members of an object, in the order of the text.
  public var members: JSONMembers? { kind == .object ? JSONMembers(parent: self) : nil }

  /// The value of an object's key; nil where it is absent or this is no object.
  public subscript(key: String) -> JSONValue? {
    guard kind == .object else { return nil }
    var key = key
    return key.withUTF8 { bytes in
      storage.keyNode(of: node, at: index, bytes: UnsafeRawBufferPointer(bytes))
        .map { JSONValue(storage: storage, index: $0 + 1) }
    }
  }
}

/// The elements of a JSON array.
public struct JSONElements: Sequence, Sendable {
  let parent: JSONValue

  public var count: Int { Int(parent.node.count) }
  public var underestimatedCount: Int { count }

  public func makeIterator() -> Iterator {
    Iterator(storage: parent.storage, position: parent.index + 1, remaining: count)
  }

  public struct Iterator: IteratorProtocol {
    let storage: JSONStorage
    var position: Int
    var remaining: Int

    public mutating func next() -> JSONValue? {
      guard remaining > 0 else { return nil }
      defer {
        remaining -= 1
        position = Int(storage.nodes[position].next)
      }
      return JSONValue(storage: storage, index: position)
    }
  }
}

/// The members of a JSON object.
public struct JSONMembers: Sequence, Sendable {
  /// A key with its value. The key is given as bytes: see `JSONValue`.
  public struct Member: Sendable {
    public let key: ArraySlice<UInt8>
    public let value: JSONValue

    /// The key as a string.
    public var name: String { String(decoding: key, as: UTF8.self) }
  }

  let parent: JSONValue

  public var count: Int { Int(parent.node.count) }
  public var underestimatedCount: Int { count }

  public func makeIterator() -> Iterator {
    Iterator(storage: parent.storage, position: parent.index + 1, remaining: count)
  }

  public struct Iterator: IteratorProtocol {
    let storage: JSONStorage
    var position: Int
    var remaining: Int

    public mutating func next() -> Member? {
      guard remaining > 0 else { return nil }
      let key = storage.bytes(of: storage.nodes[position])
      let value = JSONValue(storage: storage, index: position + 1)
      remaining -= 1
      position = Int(value.node.next)
      return Member(key: key, value: value)
    }
  }
}

extension JSONStorage {
  /// The node of a key in the object at `index`, found by the key's bytes.
  func keyNode(of object: JSONNode, at index: Int, bytes: UnsafeRawBufferPointer) -> Int? {
    if object.payload > 0 {
      let table = tables[Int(object.payload) - 1]
      return table.node(hash: JSONKeyTable.hash(bytes)) { self.bytes(of: nodes[Int($0)]).elementsEqual(bytes) }
        .map(Int.init)
    }
    var position = index + 1
    for _ in 0..<object.count {
      if self.bytes(of: nodes[position]).elementsEqual(bytes) { return position }
      position = Int(nodes[position + 1].next)
    }
    return nil
  }
}
