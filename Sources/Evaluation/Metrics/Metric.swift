/// How an answer is judged: the catalogue of metrics by the names that `--metric` takes.
public enum Metric: String, Sendable, CaseIterable {
  /// Equal after lower-casing, stripping white space and dropping a trailing period.
  case exact
  /// EvalAI's normaliser, and how many of ten people said the same.
  case vqa
  /// Yes or no, as POPE reads it.
  case pope
  /// Yes or no, as MME reads it.
  case mme
  /// A letter, as LLaVA reads it out of ScienceQA's answers.
  case scienceqa
  /// Equal after lower-casing and dropping trailing periods.
  case gqa
  /// Likeness by edit distance.
  case anls
  /// A letter or an option's text, as MMBench reads them.
  case mmbench
  /// The letter and nothing else, as SEED-Bench compares it.
  case seed

  public init(named name: String) throws(EvaluationError) {
    guard let metric = Metric(rawValue: name) else {
      throw .unknownMetric(name, valid: Metric.allCases.map(\.rawValue))
    }
    self = metric
  }

  /// How right `answer` is, 0…1.
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
