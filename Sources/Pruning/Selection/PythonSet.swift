/// The order in which CPython's `set` visits small numbers, which a released program depends on: an open hash table
/// with short linear probes.
enum PythonSet {
  /// Slots that are tried one after another before the next jump.
  private static let linearProbes = 9

  /// `numbers`, inserted in the order given, in the order of the table's slots.
  /// - Parameter numbers: distinct and not negative, so that each is its own hash.
  static func order(of numbers: [Int]) -> [Int] {
    var table = [Int?](repeating: nil, count: 8)
    for (count, number) in numbers.enumerated() {
      insert(number, into: &table)
      let filled = count + 1
      guard filled * 5 >= (table.count - 1) * 3 else { continue }
      var size = 8
      while size <= filled * 4 { size *= 2 }
      var larger = [Int?](repeating: nil, count: size)
      for number in table.compactMap(\.self) { insert(number, into: &larger) }
      table = larger
    }
    return table.compactMap(\.self)
  }

  private static func insert(_ number: Int, into table: inout [Int?]) {
    let mask = table.count - 1
    var slot = number & mask
    var perturbation = number
    while true {
      let last = slot + linearProbes <= mask ? slot + linearProbes : slot
      if let free = (slot...last).first(where: { table[$0] == nil }) {
        table[free] = number
        return
      }
      perturbation >>= 5
      slot = (slot * 5 + 1 + perturbation) & mask
    }
  }
}
