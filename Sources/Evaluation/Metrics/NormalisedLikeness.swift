/// ANLS: one minus edit distance over the longer length, nothing below a half, best over the right answers. In lower
/// case and without white space at the ends, as the evaluators of ST-VQA and DocVQA have it.
enum NormalisedLikeness {
  static func grade(_ answer: String, among right: [String]) -> Double {
    let given = characters(answer)
    return right.map { likeness(given, characters($0)) }.max() ?? 0
  }

  /// Code points, which is what the evaluators count.
  private static func characters(_ text: String) -> [Unicode.Scalar] {
    Array(text.lowercased().strippedOfSpace.unicodeScalars)
  }

  private static func likeness(_ first: [Unicode.Scalar], _ second: [Unicode.Scalar]) -> Double {
    let longer = max(first.count, second.count)
    guard longer > 0 else { return 1 }
    let likeness = 1 - Double(EditDistance.between(first, second)) / Double(longer)
    return likeness >= 0.5 ? likeness : 0
  }
}
