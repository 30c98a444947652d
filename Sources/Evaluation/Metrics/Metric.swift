/// How an answer is judged.
public enum Metric: String, Sendable, CaseIterable {
  /// Equal after lower-casing, stripping white space and dropping a trailing period.
  case exact

  public init(named name: String) throws(EvaluationError) {
    guard let metric = Metric(rawValue: name) else {
      throw .unknownMetric(name, valid: Metric.allCases.map(\.rawValue))
    }
    self = metric
  }

  /// How right `answer` is, 0…1.
  public func grade(_ answer: String, of question: Question) -> Double {
    switch self {
    case .exact: isRight(answer, among: question.answers) ? 1 : 0
    }
  }

  /// Whether `answer` is right.
  public func isRight(_ answer: String, among right: [String]) -> Bool {
    switch self {
    case .exact:
      let given = Self.normalised(answer)
      return right.contains { Self.normalised($0) == given }
    }
  }

  private static func normalised(_ text: String) -> String {
    func stripped(_ text: some StringProtocol) -> Substring {
      var text = Substring(text).drop(while: \.isWhitespace)
      while text.last?.isWhitespace == true { text.removeLast() }
      return text
    }
    var text = stripped(text.lowercased())
    if text.last == "." { text = stripped(text.dropLast()) }
    return String(text)
  }
}
