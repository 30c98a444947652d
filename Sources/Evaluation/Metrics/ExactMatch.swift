/// Equality after lower-casing, trimming white space and dropping a trailing period.
enum ExactMatch {
  static func isRight(_ answer: String, among right: [String]) -> Bool {
    let given = normalised(answer)
    return right.contains { normalised($0) == given }
  }

  private static func normalised(_ text: String) -> String {
    let text = text.lowercased().strippedOfSpace
    return text.hasSuffix(".") ? String(text.dropLast()).strippedOfSpace : text
  }
}

extension String {
  /// The string without white space at either end.
  var strippedOfSpace: String {
    var rest = Substring(self).drop(while: \.isWhitespace)
    while rest.last?.isWhitespace == true { rest.removeLast() }
    return String(rest)
  }
}
