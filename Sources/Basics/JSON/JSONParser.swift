/// Reads a JSON text onto a tape. It recurses per array and object, up to the depth limit and never further.
struct JSONParser {
  let text: [UInt8]
  let maximumDepth: Int
  var position = 0
  var nodes: [JSONNode] = []
  /// Strings that had escapes; they end up after the source in `JSONStorage.text`.
  var decoded: [UInt8] = []
  private var tables: [JSONKeyTable] = []

  init(text: [UInt8], maximumDepth: Int) {
    self.text = text
    self.maximumDepth = maximumDepth
  }

  mutating func parse() throws(JSONError) -> JSONStorage {
    // Offsets and counts on the tape are 32 bits; nodes are fewer than bytes.
    guard text.count < Int(UInt32.max) else { throw .tooLarge(bytes: text.count) }
    skipSpace()
    try parseValue(depth: 0)
    skipSpace()
    guard position == text.count else { throw unexpected("more data after the end of the value") }
    return JSONStorage(text: decoded.isEmpty ? text : text + decoded, nodes: nodes, tables: tables)
  }

  /// The byte at the cursor; 0, which no rule accepts, at the end of the text.
  var current: UInt8 { position < text.count ? text[position] : 0 }

  func unexpected(_ problem: String) -> JSONError {
    .syntax(position < text.count ? problem : "the text ends too early", offset: position)
  }

  mutating func skipSpace() {
    while position < text.count {
      switch text[position] {
      case 0x20, 0x0A, 0x0D, 0x09: position += 1
      default: return
      }
    }
  }

  private mutating func parseValue(depth: Int) throws(JSONError) {
    switch current {
    case UInt8(ascii: "\""): try parseString()
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try parseNumber()
    case UInt8(ascii: "{"): try parseObject(depth: depth)
    case UInt8(ascii: "["): try parseArray(depth: depth)
    case UInt8(ascii: "t"): try parseLiteral("true", JSONNode(kind: .boolean, count: 1))
    case UInt8(ascii: "f"): try parseLiteral("false", JSONNode(kind: .boolean))
    case UInt8(ascii: "n"): try parseLiteral("null", JSONNode(kind: .null))
    default: throw unexpected("expected a value")
    }
  }

  /// Puts a node without children on the tape.
  mutating func append(_ node: JSONNode) {
    var node = node
    node.next = UInt32(nodes.count + 1)
    nodes.append(node)
  }

  private mutating func parseLiteral(_ word: StaticString, _ node: JSONNode) throws(JSONError) {
    for offset in 0..<word.utf8CodeUnitCount {
      guard position + offset < text.count, text[position + offset] == word.utf8Start[offset] else {
        throw unexpected("expected a value")
      }
    }
    position += word.utf8CodeUnitCount
    append(node)
  }

  /// Enters an array or object; gives the index of its node.
  private mutating func open(_ kind: JSONKind, depth: Int) throws(JSONError) -> Int {
    guard depth < maximumDepth else { throw .tooDeep(limit: maximumDepth, offset: position) }
    position += 1
    nodes.append(JSONNode(kind: kind))
    skipSpace()
    return nodes.count - 1
  }

  private mutating func close(_ index: Int, count: Int) {
    position += 1
    nodes[index].count = UInt32(count)
    nodes[index].next = UInt32(nodes.count)
  }

  /// Steps over a comma; false at the closing bracket.
  private mutating func another(before bracket: UInt8) throws(JSONError) -> Bool {
    skipSpace()
    if current == bracket { return false }
    guard current == UInt8(ascii: ",") else { throw unexpected("expected a comma or the closing bracket") }
    position += 1
    skipSpace()
    return true
  }

  private mutating func parseArray(depth: Int) throws(JSONError) {
    let index = try open(.array, depth: depth)
    var count = 0
    if current != UInt8(ascii: "]") {
      repeat {
        try parseValue(depth: depth + 1)
        count += 1
      } while try another(before: UInt8(ascii: "]"))
    }
    close(index, count: count)
  }

  private mutating func parseObject(depth: Int) throws(JSONError) {
    let start = position
    let index = try open(.object, depth: depth)
    var count = 0
    if current != UInt8(ascii: "}") {
      repeat {
        guard current == UInt8(ascii: "\"") else { throw unexpected("expected a key in quotation marks") }
        try parseString()
        skipSpace()
        guard current == UInt8(ascii: ":") else { throw unexpected("expected a colon after the key") }
        position += 1
        skipSpace()
        try parseValue(depth: depth + 1)
        count += 1
      } while try another(before: UInt8(ascii: "}"))
    }
    close(index, count: count)
    try checkKeys(of: index, count: count, offset: start)
  }
}

// MARK: - Keys

extension JSONParser {
  /// Up to this many keys are compared in pairs, which beats hashing and needs no table.
  private static var largestWithoutTable: Int { 12 }

  /// Refuses duplicates, and builds the table of a large object.
  private mutating func checkKeys(of object: Int, count: Int, offset: Int) throws(JSONError) {
    guard count > 1 else { return }
    var keys: [UInt32] = []
    keys.reserveCapacity(count)
    var position = object + 1
    for _ in 0..<count {
      keys.append(UInt32(position))
      position = Int(nodes[position + 1].next)
    }
    if count <= Self.largestWithoutTable {
      for later in 1..<count {
        for earlier in 0..<later where sameKey(keys[later], keys[earlier]) {
          throw duplicate(keys[later], offset: offset)
        }
      }
      return
    }
    var table = JSONKeyTable(keys: count)
    for key in keys {
      let hash = withBytes(of: key) { JSONKeyTable.hash($0) }
      guard table.insert(key, hash: hash, matches: { sameKey($0, key) }) else { throw duplicate(key, offset: offset) }
    }
    tables.append(table)
    nodes[object].payload = UInt64(tables.count)
  }

  private func duplicate(_ key: UInt32, offset: Int) -> JSONError {
    let node = nodes[Int(key)]
    // A key without escapes knows its own place; one with escapes lies in the side buffer.
    let place = Int(node.payload) < text.count ? Int(node.payload) : offset
    return .duplicateKey(withBytes(of: key) { String(decoding: $0, as: UTF8.self) }, offset: place)
  }

  private func withBytes<Result>(of key: UInt32, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    let node = nodes[Int(key)]
    let inText = Int(node.payload) < text.count
    let start = inText ? Int(node.payload) : Int(node.payload) - text.count
    return (inText ? text : decoded).withUnsafeBytes { bytes in
      body(UnsafeRawBufferPointer(rebasing: bytes[start..<start + Int(node.count)]))
    }
  }

  private func sameKey(_ first: UInt32, _ second: UInt32) -> Bool {
    guard nodes[Int(first)].count == nodes[Int(second)].count else { return false }
    return withBytes(of: first) { left in withBytes(of: second) { left.elementsEqual($0) } }
  }
}
