/// Yes and no, as the scripts of POPE and MME read them from a sentence.
enum YesNo {
  /// POPE: "no" if the first sentence contains the word No, not or no; "yes" otherwise.
  static func pope(_ answer: String) -> String {
    let sentence = answer.unicodeScalars.prefix { $0 != "." }.filter { $0 != "," }
    let words = sentence.split(separator: " ").map(String.init)
    return words.contains { ["No", "not", "no"].contains($0) } ? "no" : "yes"
  }

  /// MME: the answer itself, or the word found in its first four characters, yes before no; "other" if there is none.
  static func mme(_ answer: String) -> String {
    let answer = answer.lowercased()
    if answer == "yes" || answer == "no" { return answer }
    let start = String(String.UnicodeScalarView(answer.unicodeScalars.prefix(4)))
    if start.contains("yes") { return "yes" }
    return start.contains("no") ? "no" : "other"
  }

  static func isRight(_ answer: String, among right: [String]) -> Bool {
    right.contains { $0.lowercased().strippedOfSpace == answer }
  }
}
