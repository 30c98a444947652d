/// Makes text from question files and models safe to show, so that it is never taken for markup.
enum ForeignText {
  /// Escapes text for HTML and SVG, quoted attributes included.
  static func html(_ text: String) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      case "'": escaped += "&#39;"
      default: escaped += visible(scalar)
      }
    }
    return escaped
  }

  /// The beginning of a text that is too long. Counted in scalars: one character may have any number of them.
  static func shortened(_ text: String, most: Int) -> String {
    let scalars = text.unicodeScalars
    let isShort = scalars.index(scalars.startIndex, offsetBy: most + 1, limitedBy: scalars.endIndex) == nil
    return isShort ? text : String(scalars.prefix(most - 1)) + "…"
  }

  /// For a cell of a table or a paragraph of Markdown; one line.
  static func markdown(_ text: String) -> String {
    var escaped = ""
    var letters = 0
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\\", "`", "*", "_", "{", "}", "[", "]", "#", "|", "~", "!", "$", "@": escaped += "\\\(scalar)"
      // Keeps renderers from turning bare addresses into links.
      case ":": escaped += "&#58;"
      case "." where letters >= 3: escaped += "&#46;"
      default: escaped += visible(scalar)
      }
      letters = scalar == "w" || scalar == "W" ? letters + 1 : 0
    }
    return escaped
  }

  /// Quotes a CSV field (RFC 4180). A text that a spreadsheet would take for a formula gets a leading apostrophe.
  static func csv(_ text: String) -> String {
    let first = text.unicodeScalars.first
    let isFormula = first.map { ["=", "+", "-", "@", "\t", "\r"].contains($0) } ?? false
    let guarded = isFormula ? "'\(text)" : text
    guard guarded.unicodeScalars.contains(where: { [",", "\"", "\r", "\n"].contains($0) }) else { return guarded }
    // By scalars: a quotation mark with an accent is a character of its own, but still one to a reader of CSV.
    var quoted = "\""
    for scalar in guarded.unicodeScalars { quoted += scalar == "\"" ? "\"\"" : String(scalar) }
    return quoted + "\""
  }

  /// One line for a terminal.
  static func plain(_ text: String) -> String {
    var shown = ""
    for scalar in text.unicodeScalars { shown += visible(scalar) }
    return shown
  }

  /// Line breaks become spaces. Control characters are not allowed in a page, and marks that change the writing
  /// direction would reorder the text around them, so both are spelled out.
  private static func visible(_ scalar: Unicode.Scalar) -> String {
    switch scalar.value {
    case 0x09, 0x0A, 0x0D, 0x2028, 0x2029: " "
    case 0..<0x20, 0x7F..<0xA0, 0x061C, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069, 0xFEFF, 0xFFFE, 0xFFFF:
      "⟨U+\(String(scalar.value, radix: 16, uppercase: true))⟩"
    default: String(scalar)
    }
  }
}
