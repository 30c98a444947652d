/// Runs a template with values for some names. The result is the text that the tokenizers' own environment renders, or
/// an error: nothing unknown is skipped.
struct JinjaRunner {
  private var scopes: [[String: JinjaValue]]
  private(set) var text = ""
  /// The most bytes to write: a template comes from a file, and nested loops could write without end.
  private static let longest = 1 << 16
  /// What is left of the work that a template may do: a step is a statement, a round of a loop, or an expression, which
  /// counts as many as its value has parts. Loops and lists that double could work without end.
  private var steps = 1 << 22

  static func render(_ nodes: [JinjaNode], _ names: [String: JinjaValue]) throws(JinjaError) -> String {
    var runner = JinjaRunner(scopes: [names])
    try runner.run(nodes)
    return runner.text
  }

  private init(scopes: [[String: JinjaValue]]) { self.scopes = scopes }

  private mutating func run(_ nodes: [JinjaNode]) throws(JinjaError) {
    for node in nodes {
      try work(1)
      switch node {
      case .text(let plain): try write(plain)
      case .output(let expression):
        guard let shown = try value(of: expression).text else {
          throw JinjaError(reason: "a list or an object is written as text")
        }
        try write(shown)
      case .choice(let branches, let otherwise): try run(try chosen(branches) ?? otherwise)
      case .loop(let variable, let over, let condition, let body):
        try loop(variable, over: try value(of: over), where: condition, body: body)
      case .set(let name, let member, let expression): try set(name, member, to: try value(of: expression))
      }
    }
  }

  private mutating func write(_ piece: String) throws(JinjaError) {
    text += piece
    guard text.utf8.count < Self.longest else { throw JinjaError(reason: "it writes without end") }
  }

  private mutating func work(_ cost: Int) throws(JinjaError) {
    steps -= cost
    guard steps > 0 else { throw JinjaError(reason: "it works without end") }
  }

  private mutating func chosen(
    _ branches: [(condition: JinjaExpression, body: [JinjaNode])]
  ) throws(JinjaError) -> [JinjaNode]? {
    for branch in branches where try value(of: branch.condition).isTrue { return branch.body }
    return nil
  }

  private mutating func loop(
    _ variable: String, over list: JinjaValue, where condition: JinjaExpression?, body: [JinjaNode]
  ) throws(JinjaError) {
    guard var elements = list.elements else { throw JinjaError(reason: "a loop over what is no list") }
    scopes.append([:])
    defer { scopes.removeLast() }
    if let condition {
      var kept: [JinjaValue] = []
      for element in elements {
        try work(1)
        scopes[scopes.count - 1] = [variable: element]
        if try value(of: condition).isTrue { kept.append(element) }
      }
      elements = kept
    }
    for (index, element) in elements.enumerated() {
      try work(1)
      // What an iteration sets is gone after it; namespaces outlive it.
      scopes[scopes.count - 1] = [
        variable: element,
        "loop": .object([
          "index": .integer(index + 1), "index0": .integer(index), "first": .boolean(index == 0),
          "last": .boolean(index == elements.count - 1), "length": .integer(elements.count),
          "previtem": index > 0 ? elements[index - 1] : .undefined,
          "nextitem": index + 1 < elements.count ? elements[index + 1] : .undefined,
        ]),
      ]
      try run(body)
    }
  }

  private mutating func set(_ name: String, _ member: String?, to value: JinjaValue) throws(JinjaError) {
    guard let member else {
      scopes[scopes.count - 1][name] = value
      return
    }
    guard let scope = scopes.lastIndex(where: { $0[name] != nil }), case .object(var members)? = scopes[scope][name]
    else {
      throw JinjaError(reason: "\"\(name)\" is no namespace")
    }
    try work(members.count)
    members.removeAll { $0.name == member }
    members.append(.init(name: member, value: value))
    scopes[scope][name] = .object(members)
  }

  private mutating func value(of expression: JinjaExpression) throws(JinjaError) -> JinjaValue {
    let value = try computed(expression)
    try work(value.size(upTo: steps))
    return value
  }

  private mutating func computed(_ expression: JinjaExpression) throws(JinjaError) -> JinjaValue {
    switch expression {
    case .value(let value): return value
    case .name(let name): return scopes.last { $0[name] != nil }?[name] ?? .undefined
    case .list(let elements):
      var values: [JinjaValue] = []
      for element in elements { values.append(try value(of: element)) }
      return .list(values)
    case .member(let owner, let key):
      let whole = try value(of: owner)
      return try JinjaOperations.member(whole, try value(of: key))
    case .slice(let owner, let from, let to):
      let whole = try value(of: owner)
      let start = try integer(from)
      return try JinjaOperations.slice(whole, from: start, to: try integer(to))
    case .call(let callee, let arguments, let named): return try call(callee, arguments, named)
    case .filter(let input, let filter, let arguments):
      let filtered = try value(of: input)
      return try JinjaOperations.filter(filtered, filter, try values(of: arguments))
    case .test(let input, let test, let isNegated):
      return .boolean(try JinjaOperations.test(try value(of: input), test) != isNegated)
    case .not(let input): return .boolean(!(try value(of: input).isTrue))
    case .either(let one, let condition, let other):
      let isTrue = try value(of: condition).isTrue
      return try value(of: isTrue ? one : other)
    case .binary(let symbol, let left, let right):
      let first = try value(of: left)
      if symbol == "and" { return first.isTrue ? try value(of: right) : first }
      if symbol == "or" { return first.isTrue ? first : try value(of: right) }
      return try JinjaOperations.binary(symbol, first, try value(of: right))
    }
  }

  private mutating func integer(_ expression: JinjaExpression?) throws(JinjaError) -> Int? {
    guard let expression else { return nil }
    guard case .integer(let number) = try value(of: expression) else {
      throw JinjaError(reason: "a slice needs whole numbers")
    }
    return number
  }

  private mutating func values(of expressions: [JinjaExpression]) throws(JinjaError) -> [JinjaValue] {
    var values: [JinjaValue] = []
    for expression in expressions { values.append(try value(of: expression)) }
    return values
  }

  private mutating func call(
    _ callee: JinjaExpression, _ arguments: [JinjaExpression], _ named: [(name: String, value: JinjaExpression)]
  ) throws(JinjaError) -> JinjaValue {
    switch callee {
    case .name("namespace"):
      var members: [JinjaValue.Member] = []
      for argument in named { members.append(.init(name: argument.name, value: try value(of: argument.value))) }
      return .object(members)
    case .name("raise_exception"): throw JinjaError(reason: try values(of: arguments).first?.text ?? "it refuses this")
    case .member(let owner, .value(.string(let method))):
      let object = try value(of: owner)
      return try JinjaOperations.method(object, method, try values(of: arguments))
    default: throw JinjaError(reason: "a call that is not supported")
    }
  }
}
