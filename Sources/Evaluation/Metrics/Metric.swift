/// How an answer is graded; raw values are the names that `--metric` takes.
public enum Metric: String, Sendable, CaseIterable {
  /// Equal after lower-casing, trimming white space and dropping a trailing period.
  case exact
  /// EvalAI's normaliser, then how many of ten people gave the same answer.
  case vqa
  /// Yes or no, by POPE's rule.
  case pope
  /// Yes or no, by MME's rule.
  case mme
  /// A letter, read from the answer by LLaVA's rule for ScienceQA.
  case scienceqa
  /// Equal after lower-casing and dropping trailing periods.
  case gqa
  /// Similarity by edit distance.
  case anls
  /// A letter or an option's text, by MMBench's rules.
  case mmbench
  /// The letter alone, as SEED-Bench compares it.
  case seed

  public init(named name: String) throws(EvaluationError) {
    guard let metric = Metric(rawValue: name) else {
      throw .unknownMetric(name, valid: Metric.allCases.map(\.rawValue))
    }
    self = metric
  }

  /// The grade of `answer`, 0…1.
  public func grade(_ answer: String, of question: Question) -> Double {
    switch self {
    case .exact: ExactMatch.isRight(answer, among: question.answers) ? 1 : 0
    case .vqa: VQAAccuracy.grade(answer, among: question.answers)
    case .pope: YesNo.isRight(YesNo.pope(answer), among: question.answers) ? 1 : 0
    case .mme: YesNo.isRight(YesNo.mme(answer), among: question.answers) ? 1 : 0
    case .scienceqa: ScienceQALetter.isRight(answer, of: question) ? 1 : 0
    case .gqa: GQAMatch.isRight(answer, among: question.answers) ? 1 : 0
    case .anls: NormalisedLikeness.grade(answer, among: question.answers)
    case .mmbench: MMBenchLetter.isRight(answer, of: question) ? 1 : 0
    case .seed: SEEDLetter.isRight(answer, of: question) ? 1 : 0
    }
  }
}
