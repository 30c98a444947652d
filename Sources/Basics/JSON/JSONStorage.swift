/// The kind of a JSON value; integers are numbers that were written without fraction or exponent and fit `Int`.
public enum JSONKind: UInt8, Sendable, Hashable, CustomStringConvertible {
  case null, boolean, integer, number, string, array, object

  /// The kind as it reads in an error message: "an object".
  public var description: String {
    switch self {
    case .null: "null"
    case .boolean: "a boolean"
    case .integer: "an integer"
    case .number: "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }
}

/// One value on the tape. Children follow their parent; in an object each value follows its key.
struct JSONNode: Sendable {
  var kind: JSONKind
  /// Length of a string in bytes; elements of an array; members of an object; 1 for true.
  var count: UInt32 = 0
  /// Index of the node after this value and everything in it.
  var next: UInt32 = 0
  /// Start of a string in `JSONStorage.text`; bits of an integer or a double; an object's table, plus one.
  var payload: UInt64 = 0
}

/// A parsed text: one flat tape of nodes instead of a tree, because a vocabulary has half a million values
/// and an allocation for each would cost more than reading them.
final class JSONStorage: Sendable {
  /// The source, followed by the strings that had escapes, decoded.
  let text: [UInt8]
  let nodes: [JSONNode]
  /// Key tables of the large objects.
  let tables: [JSONKeyTable]

  init(text: [UInt8], nodes: [JSONNode], tables: [JSONKeyTable]) {
    self.text = text
    self.nodes = nodes
    self.tables = tables
  }

  /// The bytes of a string node.
  func bytes(of node: JSONNode) -> ArraySlice<UInt8> {
    let start = Int(node.payload)
    return text[start..<start + Int(node.count)]
  }
}

/// Open-addressed table from key bytes to key node. Hashed with Swift's seeded hasher: a header from outside cannot
/// choose keys that collide.
struct JSONKeyTable: Sendable {
  private var slots: [UInt32]
  private let mask: Int

  /// Room for this many keys at a load of at most one half.
  init(keys: Int) {
    var capacity = 32
    while capacity < keys * 2 { capacity *= 2 }
    slots = [UInt32](repeating: 0, count: capacity)
    mask = capacity - 1
  }

  /// The node stored for a key with this hash for which `matches` holds, or the free slot where it belongs.
  private func find(hash: Int, matches: (UInt32) -> Bool) -> (node: UInt32?, slot: Int) {
    var slot = hash & mask
    while slots[slot] != 0 {
      if matches(slots[slot]) { return (slots[slot], slot) }
      slot = (slot + 1) & mask
    }
    return (nil, slot)
  }

  /// Stores a key node (never node 0, which is the root); false if `matches` finds its key there already.
  mutating func insert(_ node: UInt32, hash: Int, matches: (UInt32) -> Bool) -> Bool {
    let (existing, slot) = find(hash: hash, matches: matches)
    if existing != nil { return false }
    slots[slot] = node
    return true
  }

  func node(hash: Int, matches: (UInt32) -> Bool) -> UInt32? { find(hash: hash, matches: matches).node }

  /// The hash of a key's bytes.
  static func hash(_ bytes: UnsafeRawBufferPointer) -> Int {
    var hasher = Hasher()
    hasher.combine(bytes: bytes)
    return hasher.finalize()
  }
}
