/// Elements of HTML and SVG.
enum Markup {
  /// An element with its end.
  /// - Parameters:
  ///   - attributes: values as they are; they are escaped here.
  ///   - content: markup, escaped where it holds foreign text.
  static func element(_ name: String, _ attributes: [(String, String)] = [], _ content: String = "") -> String {
    "<\(name)\(written(attributes))>\(content)</\(name)>"
  }

  /// An element of HTML that has no end.
  static func void(_ name: String, _ attributes: [(String, String)]) -> String { "<\(name)\(written(attributes))>" }

  /// An element of SVG without content.
  static func closed(_ name: String, _ attributes: [(String, String)]) -> String { "<\(name)\(written(attributes))/>" }

  /// Foreign text whose direction of writing stays its own, and of which a page has room for the beginning.
  static func isolated(_ text: String, most: Int = 400) -> String {
    element("bdi", [], ForeignText.html(ForeignText.shortened(text, most: most)))
  }

  private static func written(_ attributes: [(String, String)]) -> String {
    attributes.map { " \($0.0)=\"\(ForeignText.html($0.1))\"" }.joined()
  }
}
