import Testing

/// The markup of a report, read with regular expressions that know as much of HTML as our own pages use.
enum PageMarkup {
  /// Names of the elements of a page in order, their ends as "/name"; attributes by name.
  static func elements(_ page: String) -> [(name: String, attributes: [String: String])] {
    page.matches(of: /<(\/?[a-zA-Z][a-zA-Z0-9]*)((?:\s+[a-zA-Z0-9:-]+="[^"<>]*")*)\s*(\/?)>/).map { match in
      let attributes = match.output.2.matches(of: /([a-zA-Z0-9:-]+)="([^"]*)"/).map {
        (String($0.output.1), String($0.output.2))
      }
      return (String(match.output.1) + match.output.3, Dictionary(attributes) { first, _ in first })
    }
  }

  /// Every element ends, innermost first.
  static func expectBalanced(
    _ elements: [(name: String, attributes: [String: String])], sourceLocation: SourceLocation = #_sourceLocation
  ) {
    var open: [String] = []
    let void: Set = ["meta", "link", "img", "br"]
    for element in elements where !element.name.hasSuffix("/") && !void.contains(element.name) {
      if element.name.hasPrefix("/") {
        #expect(open.popLast() == String(element.name.dropFirst()), sourceLocation: sourceLocation)
      } else {
        open.append(element.name)
      }
    }
    #expect(open.isEmpty, sourceLocation: sourceLocation)
  }

  static func check(_ page: String, sourceLocation: SourceLocation = #_sourceLocation) {
    let elements = elements(page)
    // No "<" is left that begins no element: nothing of a foreign text is markup.
    #expect(page.count { $0 == "<" } == elements.count + 1, "and the doctype", sourceLocation: sourceLocation)
    expectBalanced(elements, sourceLocation: sourceLocation)
    let levels = elements.compactMap { $0.name.wholeMatch(of: /h([1-6])/).flatMap { Int($0.output.1) } }
    #expect(levels.first == 1 && levels.count { $0 == 1 } == 1, sourceLocation: sourceLocation)
    #expect(zip(levels, levels.dropFirst()).allSatisfy { $1 <= $0 + 1 }, sourceLocation: sourceLocation)
    let identifiers = elements.compactMap { $0.attributes["id"] }
    #expect(Set(identifiers).count == identifiers.count, sourceLocation: sourceLocation)
    for element in elements {
      if element.name == "img" { #expect(element.attributes["alt"]?.isEmpty == false, sourceLocation: sourceLocation) }
      if element.name == "svg" {
        let names = element.attributes["aria-labelledby"]?.split(separator: " ").map(String.init) ?? []
        #expect(
          !names.isEmpty && names.allSatisfy(identifiers.contains) && element.attributes["role"] == "img",
          sourceLocation: sourceLocation)
      }
      #expect(element.name != "script" && !element.attributes.keys.contains { $0.hasPrefix("on") })
      for link in ["src", "href"] {
        guard let address = element.attributes[link] else { continue }
        #expect(address.hasPrefix("data:") || address.hasPrefix("#"), sourceLocation: sourceLocation)
      }
    }
    #expect(elements.first?.attributes["lang"] == "en", sourceLocation: sourceLocation)
    #expect(page.utf8.count < 5_000_000, sourceLocation: sourceLocation)
  }
}
