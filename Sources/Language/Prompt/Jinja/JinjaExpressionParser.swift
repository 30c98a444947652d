/// Expressions of a template, by Jinja's precedence: choice, or, and, not, comparison, sum, concatenation, product,
/// postfix.
struct JinjaExpressionParser {
  private var tokens: ArraySlice<JinjaToken>
  /// Depth of nested brackets. They come from a file, so there is a limit.
  private var depth = 0
  private static let deepest = 64

  init(_ tokens: ArraySlice<JinjaToken>) { self.tokens = tokens }

  static func parse(_ tokens: [JinjaToken]) throws(JinjaError) -> JinjaExpression {
    var parser = JinjaExpressionParser(tokens[...])
    let expression = try parser.expression()
    try parser.finish()
    return expression
  }

  func finish() throws(JinjaError) {
    guard tokens.isEmpty else { throw JinjaError(reason: "an expression does not end where its tag ends") }
  }

  /// Takes a token where it comes next.
  mutating func take(_ token: JinjaToken) -> Bool {
    guard tokens.first == token else { return false }
    tokens.removeFirst()
    return true
  }

  mutating func expression() throws(JinjaError) -> JinjaExpression {
    depth += 1
    defer { depth -= 1 }
    guard depth < Self.deepest else { throw JinjaError(reason: "an expression is nested too deeply") }
    let value = try withoutChoice()
    guard take(.name("if")) else { return value }
    let condition = try withoutChoice()
    let otherwise: JinjaExpression = take(.name("else")) ? try expression() : .value(.undefined)
    return .either(value, condition: condition, otherwise)
  }

  /// An expression that stops before `if`, as in `for x in list if condition`.
  mutating func withoutChoice() throws(JinjaError) -> JinjaExpression {
    var left = try conjunction()
    while take(.name("or")) { left = .binary("or", left, try conjunction()) }
    return left
  }

  private mutating func conjunction() throws(JinjaError) -> JinjaExpression {
    var left = try negation()
    while take(.name("and")) { left = .binary("and", left, try negation()) }
    return left
  }

  private mutating func negation() throws(JinjaError) -> JinjaExpression {
    var isNegated = false
    while take(.name("not")) { isNegated.toggle() }
    let value = try comparison()
    return isNegated ? .not(value) : value
  }

  private mutating func comparison() throws(JinjaError) -> JinjaExpression {
    var left = try sum()
    while true {
      if case .symbol(let symbol)? = tokens.first, ["==", "!=", "<", ">", "<=", ">="].contains(symbol) {
        tokens.removeFirst()
        left = .binary(symbol, left, try sum())
      } else if take(.name("in")) {
        left = .binary("in", left, try sum())
      } else if tokens.first == .name("not"), tokens.dropFirst().first == .name("in") {
        tokens.removeFirst(2)
        left = .not(.binary("in", left, try sum()))
      } else {
        return left
      }
    }
  }

  private mutating func sum() throws(JinjaError) -> JinjaExpression {
    var left = try product()
    while case .symbol(let symbol)? = tokens.first, ["+", "-", "~"].contains(symbol) {
      tokens.removeFirst()
      left = .binary(symbol, left, try product())
    }
    return left
  }

  private mutating func product() throws(JinjaError) -> JinjaExpression {
    var left = try postfix()
    while case .symbol(let symbol)? = tokens.first, ["*", "%", "//"].contains(symbol) {
      tokens.removeFirst()
      left = .binary(symbol, left, try postfix())
    }
    return left
  }

  private mutating func postfix() throws(JinjaError) -> JinjaExpression {
    var value = try primary()
    while true {
      if take(.symbol(".")) {
        value = .member(value, .value(.string(try name())))
      } else if take(.symbol("[")) {
        value = try subscription(of: value)
      } else if take(.symbol("(")) {
        let (arguments, named) = try arguments()
        value = .call(value, arguments, named: named)
      } else if take(.symbol("|")) {
        let filter = try name()
        value = .filter(value, filter, take(.symbol("(")) ? try arguments().positional : [])
      } else if take(.name("is")) {
        let isNegated = take(.name("not"))
        value = .test(value, try name(), isNegated: isNegated)
      } else {
        return value
      }
    }
  }

  private mutating func subscription(of value: JinjaExpression) throws(JinjaError) -> JinjaExpression {
    let from: JinjaExpression? = tokens.first == .symbol(":") ? nil : try expression()
    guard take(.symbol(":")) else {
      guard take(.symbol("]")), let from else { throw JinjaError(reason: "a bracket does not close") }
      return .member(value, from)
    }
    let to: JinjaExpression? = tokens.first == .symbol("]") ? nil : try expression()
    guard take(.symbol("]")) else { throw JinjaError(reason: "a slice with a step is not supported") }
    return .slice(value, from: from, to: to)
  }

  private mutating func arguments() throws(JinjaError) -> (
    positional: [JinjaExpression], named: [(name: String, value: JinjaExpression)]
  ) {
    var positional: [JinjaExpression] = []
    var named: [(name: String, value: JinjaExpression)] = []
    while !take(.symbol(")")) {
      if case .name(let name)? = tokens.first, tokens.dropFirst().first == .symbol("=") {
        tokens.removeFirst(2)
        named.append((name, try expression()))
      } else {
        positional.append(try expression())
      }
      guard take(.symbol(",")) || tokens.first == .symbol(")") else {
        throw JinjaError(reason: "a parenthesis does not close")
      }
    }
    return (positional, named)
  }

  private mutating func primary() throws(JinjaError) -> JinjaExpression {
    guard let token = tokens.popFirst() else { throw JinjaError(reason: "an expression is empty") }
    switch token {
    case .string(let text): return .value(.string(text))
    case .integer(let number): return .value(.integer(number))
    case .name(let name): return Self.constants[name].map { .value($0) } ?? .name(name)
    case .symbol("-"):
      guard case .integer(let number)? = tokens.popFirst() else { throw JinjaError(reason: "a sign without a number") }
      return .value(.integer(-number))
    case .symbol("("):
      let value = try expression()
      guard take(.symbol(")")) else { throw JinjaError(reason: "a parenthesis does not close") }
      return value
    case .symbol("["):
      var elements: [JinjaExpression] = []
      while !take(.symbol("]")) {
        elements.append(try expression())
        guard take(.symbol(",")) || tokens.first == .symbol("]") else {
          throw JinjaError(reason: "a list does not close")
        }
      }
      return .list(elements)
    case .symbol(let symbol): throw JinjaError(reason: "\"\(symbol)\" is not supported here")
    }
  }

  private static let constants: [String: JinjaValue] = [
    "true": .boolean(true), "True": .boolean(true), "false": .boolean(false), "False": .boolean(false),
    "none": .none, "None": .none,
  ]

  private mutating func name() throws(JinjaError) -> String {
    guard case .name(let name)? = tokens.popFirst() else { throw JinjaError(reason: "a name is missing") }
    return name
  }
}
