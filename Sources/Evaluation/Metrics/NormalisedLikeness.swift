/// ANLS: one minus the edit distance divided by the longer length; 0 if that is below a half; the best over the right
/// answers. Texts are lower-cased and trimmed, as in the evaluators of ST-VQA and DocVQA.
enum NormalisedLikeness {
  static func grade(_ answer: String, among right: [String]) -> Double {
    let given = characters(answer)
    return right.map { likeness(given, characters($0)) }.max() ?? 0
  }

  /// Code points, which are what the evaluators count.
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
