/// What a template does, statement by statement.
indirect enum JinjaNode {
  case text(String)
  case output(JinjaExpression)
  case loop(variable: String, over: JinjaExpression, where: JinjaExpression?, body: [JinjaNode])
  case choice([(condition: JinjaExpression, body: [JinjaNode])], otherwise: [JinjaNode])
  /// `name`, or `name.member` of a namespace.
  case set(name: String, member: String?, JinjaExpression)
}

/// Statements of a template; expressions are read by `JinjaExpressionParser`.
struct JinjaParser {
  private var parts: ArraySlice<JinjaPart>
  /// Depth of nested statements. They come from a file, so there is a limit.
  private var depth = 0
  private static let deepest = 64

  private init(_ parts: [JinjaPart]) { self.parts = parts[...] }

  static func parse(_ source: String) throws(JinjaError) -> [JinjaNode] {
    var lexer = JinjaLexer(source)
    var parser = JinjaParser(try lexer.parts())
    let nodes = try parser.body(until: [])
    guard parser.parts.isEmpty else { throw JinjaError(reason: "a block ends that did not begin") }
    return nodes
  }

  /// Nodes up to a statement that begins with one of `ends`, which is not taken.
  private mutating func body(until ends: Set<String>) throws(JinjaError) -> [JinjaNode] {
    depth += 1
    defer { depth -= 1 }
    guard depth < Self.deepest else { throw JinjaError(reason: "statements are nested too deeply") }
    var nodes: [JinjaNode] = []
    while let part = parts.first {
      switch part {
      case .text(let text):
        parts.removeFirst()
        nodes.append(.text(text))
      case .output(let tokens):
        parts.removeFirst()
        nodes.append(.output(try JinjaExpressionParser.parse(tokens)))
      case .statement(let tokens):
        guard case .name(let keyword)? = tokens.first else { throw JinjaError(reason: "a statement has no keyword") }
        if ends.contains(keyword) { return nodes }
        parts.removeFirst()
        nodes += try statement(keyword, Array(tokens.dropFirst()))
      }
    }
    return nodes
  }

  private mutating func statement(_ keyword: String, _ rest: [JinjaToken]) throws(JinjaError) -> [JinjaNode] {
    switch keyword {
    case "for": return [try loop(rest)]
    case "if": return [try choice(rest)]
    case "set": return [try assignment(rest)]
    // It marks what the assistant wrote, for training.
    case "generation":
      let nodes = try body(until: ["endgeneration"])
      _ = try end("endgeneration")
      return nodes
    default: throw JinjaError(reason: "\"\(keyword)\" is not supported")
    }
  }

  /// Takes the statement `keyword`, and returns what follows the keyword.
  private mutating func end(_ keyword: String) throws(JinjaError) -> [JinjaToken] {
    guard case .statement(let tokens)? = parts.first, tokens.first == .name(keyword) else {
      throw JinjaError(reason: "\"\(keyword)\" is missing")
    }
    parts.removeFirst()
    return Array(tokens.dropFirst())
  }

  private mutating func loop(_ rest: [JinjaToken]) throws(JinjaError) -> JinjaNode {
    guard case .name(let variable)? = rest.first, rest.dropFirst().first == .name("in") else {
      throw JinjaError(reason: "a loop over several names is not supported")
    }
    var parser = JinjaExpressionParser(rest.dropFirst(2))
    let over = try parser.withoutChoice()
    var condition: JinjaExpression?
    if parser.take(.name("if")) { condition = try parser.expression() }
    try parser.finish()
    let nodes = try body(until: ["endfor", "else"])
    _ = try end("endfor")
    return .loop(variable: variable, over: over, where: condition, body: nodes)
  }

  private mutating func choice(_ rest: [JinjaToken]) throws(JinjaError) -> JinjaNode {
    var branches = [(condition: try JinjaExpressionParser.parse(rest), body: try body(until: Self.branchEnds))]
    while case .statement(let tokens)? = parts.first, tokens.first == .name("elif") {
      let condition = try JinjaExpressionParser.parse(try end("elif"))
      branches.append((condition, try body(until: Self.branchEnds)))
    }
    var otherwise: [JinjaNode] = []
    if case .statement(let tokens)? = parts.first, tokens.first == .name("else") {
      _ = try end("else")
      otherwise = try body(until: ["endif"])
    }
    _ = try end("endif")
    return .choice(branches, otherwise: otherwise)
  }

  private static let branchEnds: Set<String> = ["elif", "else", "endif"]

  private func assignment(_ rest: [JinjaToken]) throws(JinjaError) -> JinjaNode {
    guard case .name(let name)? = rest.first else { throw JinjaError(reason: "\"set\" needs a name") }
    var tokens = rest.dropFirst()
    var member: String?
    if tokens.first == .symbol("."), case .name(let inner)? = tokens.dropFirst().first {
      member = inner
      tokens = tokens.dropFirst(2)
    }
    guard tokens.first == .symbol("=") else { throw JinjaError(reason: "\"set\" without a value is not supported") }
    return .set(name: name, member: member, try JinjaExpressionParser.parse(Array(tokens.dropFirst())))
  }
}
