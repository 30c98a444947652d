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

  /// Escapes text for a table cell or paragraph of Markdown, on one line.
  static func markdown(_ text: String) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\\", "`", "*", "_", "{", "}", "[", "]", "#", "|", "~", "!", "$", "@": escaped += "\\\(scalar)"
      // Keeps renderers from turning bare addresses into links.
      case ":": escaped += "&#58;"
      default: escaped += visible(scalar)
      }
    }
    return escaped
  }

  /// Quotes a CSV field (RFC 4180). A text that a spreadsheet would take for a formula gets a leading apostrophe.
  static func csv(_ text: String) -> String {
    let first = text.unicodeScalars.first
    let isFormula = first.map { ["=", "+", "-", "@", "\t", "\r"].contains($0) } ?? false
    let guarded = isFormula ? "'\(text)" : text
    let needsQuotes = guarded.unicodeScalars.contains { [",", "\"", "\r", "\n"].contains($0) }
    return needsQuotes ? "\"\(guarded.replacing("\"", with: "\"\""))\"" : guarded
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
