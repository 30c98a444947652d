/// GQA: equality after dropping trailing periods and lower-casing, as in LLaVA's converter and GQA's script.
enum GQAMatch {
  static func isRight(_ answer: String, among right: [String]) -> Bool {
    let given = normalised(answer)
    return right.contains { normalised($0) == given }
  }

  private static func normalised(_ text: String) -> String {
    var rest = Substring(text)
    while rest.last == "." { rest.removeLast() }
    return rest.lowercased()
  }
}
