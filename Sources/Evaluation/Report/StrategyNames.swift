/// Short names for strategies: the parts of a spec that set it apart from the others in its table.
struct StrategyNames {
  private static let longest = 40
  private let names: [String: String]

  init(_ specs: [String]) {
    let sameName = Dictionary(grouping: Set(specs), by: Self.name)
    var names: [String: String] = [:]
    for (name, specs) in sameName {
      if specs.count == 1 {
        names[specs[0]] = Self.shortened(name)
        continue
      }
      // Options that every spec shares do not set it apart.
      let options = specs.map { Set(Self.options($0)) }
      let common = options.dropFirst().reduce(options[0]) { $0.intersection($1) }
      for spec in specs {
        let own = Self.options(spec).filter { !common.contains($0) }
        names[spec] = Self.shortened(own.isEmpty ? name : "\(name)(\(own.joined(separator: ", ")))")
      }
    }
    // The part that was cut off may have been the only difference.
    let taken = Dictionary(grouping: names.keys) { names[$0] ?? $0 }
    for (short, specs) in taken where specs.count > 1 {
      let ordered = specs.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
      for (number, spec) in ordered.enumerated() { names[spec] = "\(short) #\(number + 1)" }
    }
    self.names = names
  }

  subscript(spec: String) -> String { names[spec] ?? Self.shortened(spec) }

  private static func name(_ spec: String) -> String { String(spec.prefix { $0 != "(" }) }

  private static func options(_ spec: String) -> [String] {
    guard let open = spec.firstIndex(of: "("), spec.hasSuffix(")") else { return [] }
    return spec[spec.index(after: open)...].dropLast().split(separator: ",").map {
      String($0.drop(while: \.isWhitespace))
    }
  }

  private static func shortened(_ text: String) -> String { ForeignText.shortened(text, most: longest) }
}
