/// Builds elements of HTML and SVG.
enum Markup {
  /// An element with an end tag.
  /// - Parameters:
  ///   - attributes: raw values, which are escaped here.
  ///   - content: markup in which foreign text is already escaped.
  static func element(_ name: String, _ attributes: [(String, String)] = [], _ content: String = "") -> String {
    "<\(name)\(written(attributes))>\(content)</\(name)>"
  }

  /// An HTML element without an end tag.
  static func void(_ name: String, _ attributes: [(String, String)]) -> String { "<\(name)\(written(attributes))>" }

  /// An SVG element without content.
  static func closed(_ name: String, _ attributes: [(String, String)]) -> String { "<\(name)\(written(attributes))/>" }

  /// Foreign text whose direction of writing stays its own, and of which a page has room for the beginning.
  static func isolated(_ text: String, most: Int = 400) -> String {
    element("bdi", [], ForeignText.html(ForeignText.shortened(text, most: most)))
  }

  private static func written(_ attributes: [(String, String)]) -> String {
    attributes.map { " \($0.0)=\"\(ForeignText.html($0.1))\"" }.joined()
  }
}
