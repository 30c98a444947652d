/// VQA accuracy: how many of ten people gave the answer, averaged over all sets of nine of them.
enum VQAAccuracy {
  /// The mean over leave-one-out sets of min(1, equal answers ÷ 3): 0, 0.3, 0.6, 0.9, 1 for 0, 1, 2, 3, ≥ 4 of ten.
  /// Fewer than four answers could never give full marks this way; then one equal answer is enough, as in ST-VQA.
  static func grade(_ answer: String, among right: [String]) -> Double {
    let given = AnswerNormaliser.normalised(answer)
    let equal = right.count { AnswerNormaliser.normalised($0) == given }
    guard right.count >= 4 else { return equal > 0 ? 1 : 0 }
    let thirds = equal * min(3, equal - 1) + (right.count - equal) * min(3, equal)
    return Double(thirds) / Double(3 * right.count)
  }
}
