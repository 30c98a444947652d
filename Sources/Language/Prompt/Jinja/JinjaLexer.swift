/// A template cut into text and tags, as the tokenizers' environment cuts it: `trim_blocks` and `lstrip_blocks` are on.
enum JinjaPart: Equatable {
  case text(String)
  /// `{{ … }}`
  case output([JinjaToken])
  /// `{% … %}`
  case statement([JinjaToken])
}

enum JinjaToken: Equatable {
  case name(String)
  case string(String)
  case integer(Int)
  /// An operator or a bracket.
  case symbol(String)
}

struct JinjaLexer {
  private let characters: [Character]
  private var place = 0
  /// The most tokens of a tag. A chain of operators is as deep as it is long, and it comes from a file.
  private static let longestTag = 512

  init(_ source: String) {
    // One character per line break, as Jinja reads text files.
    characters = Array(source.replacing("\r\n", with: "\n"))
  }

  mutating func parts() throws(JinjaError) -> [JinjaPart] {
    var parts: [JinjaPart] = []
    var text: [Character] = []
    while place < characters.count {
      guard characters[place] == "{", place + 1 < characters.count, "{%#".contains(characters[place + 1]) else {
        text.append(characters[place])
        place += 1
        continue
      }
      let kind = characters[place + 1]
      place += 2
      trimEnd(of: &text, before: kind, parts: parts)
      if !text.isEmpty { parts.append(.text(String(text))) }
      text = []
      switch kind {
      case "#": try skipComment()
      case "{": parts.append(.output(try tokens(until: "}")))
      default: parts.append(.statement(try tokens(until: "%")))
      }
    }
    // The environment drops one line break at the very end.
    if text.last == "\n" { text.removeLast() }
    if !text.isEmpty { parts.append(.text(String(text))) }
    return parts
  }

  /// Drops white space before a tag: all of it for `{%-`, the tag's indentation otherwise.
  private mutating func trimEnd(of text: inout [Character], before kind: Character, parts: [JinjaPart]) {
    if place < characters.count, characters[place] == "-" {
      place += 1
      while text.last?.isWhitespace == true { text.removeLast() }
      return
    }
    if place < characters.count, characters[place] == "+" {
      place += 1
      return
    }
    guard kind != "{" else { return }
    let indentation = text.reversed().prefix { $0 == " " || $0 == "\t" }.count
    let before = text.dropLast(indentation).last
    if before == "\n" || (before == nil && parts.isEmpty) { text.removeLast(indentation) }
  }

  /// What follows a tag: all white space goes after `-%}`, one line break after other statements and comments.
  private mutating func trimStart(strips: Bool, isOutput: Bool) {
    if strips {
      while place < characters.count, characters[place].isWhitespace { place += 1 }
    } else if !isOutput, place < characters.count, characters[place] == "\n" {
      place += 1
    }
  }

  private mutating func skipComment() throws(JinjaError) {
    while place + 1 < characters.count {
      if characters[place] == "#", characters[place + 1] == "}" {
        let strips = characters[place - 1] == "-"
        place += 2
        trimStart(strips: strips, isOutput: false)
        return
      }
      place += 1
    }
    throw JinjaError(reason: "a comment does not end")
  }

  private mutating func tokens(until end: Character) throws(JinjaError) -> [JinjaToken] {
    var tokens: [JinjaToken] = []
    while place < characters.count {
      guard tokens.count < Self.longestTag else { throw JinjaError(reason: "a tag is too long") }
      let character = characters[place]
      let next = place + 1 < characters.count ? characters[place + 1] : " "
      let afterNext = place + 2 < characters.count ? characters[place + 2] : " "
      if character.isWhitespace {
        place += 1
      } else if character == end, next == "}" {
        place += 2
        trimStart(strips: false, isOutput: end == "}")
        return tokens
      } else if character == "-", next == end, afterNext == "}" {
        place += 3
        trimStart(strips: true, isOutput: end == "}")
        return tokens
      } else if character == "'" || character == "\"" {
        tokens.append(.string(try string(until: character)))
      } else if character.isNumber {
        tokens.append(try integer())
      } else if character.isLetter || character == "_" {
        let start = place
        while place < characters.count,
          characters[place].isLetter || characters[place].isNumber || characters[place] == "_"
        {
          place += 1
        }
        tokens.append(.name(String(characters[start..<place])))
      } else {
        tokens.append(.symbol(symbol(character, next)))
      }
    }
    throw JinjaError(reason: "a tag does not end")
  }

  private mutating func symbol(_ first: Character, _ second: Character) -> String {
    let pair = "\(first)\(second)"
    let isPair = ["==", "!=", "<=", ">=", "//", "**"].contains(pair)
    place += isPair ? 2 : 1
    return isPair ? pair : String(first)
  }

  private mutating func integer() throws(JinjaError) -> JinjaToken {
    let start = place
    while place < characters.count, characters[place].isNumber { place += 1 }
    guard let value = Int(String(characters[start..<place])) else { throw JinjaError(reason: "a number is too large") }
    return .integer(value)
  }

  private mutating func string(until quote: Character) throws(JinjaError) -> String {
    place += 1
    var text = ""
    while place < characters.count, characters[place] != quote {
      if characters[place] == "\\", place + 1 < characters.count {
        place += 1
        switch characters[place] {
        case "n": text += "\n"
        case "t": text += "\t"
        case "r": text += "\r"
        default: text.append(characters[place])
        }
      } else {
        text.append(characters[place])
      }
      place += 1
    }
    guard place < characters.count else { throw JinjaError(reason: "a string does not end") }
    place += 1
    return text
  }
}
