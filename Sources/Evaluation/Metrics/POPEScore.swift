/// POPE's figures for each split, and the mean of the splits' F1.
public struct POPEScore: Sendable, Encodable {
  /// Yes is the positive answer. A figure whose denominator is 0 is nil.
  public struct Split: Sendable, Encodable {
    public let accuracy: Double
    public let precision: Double?
    public let recall: Double?
    public let f1: Double?
    public let yesRatio: Double
    public let n: Int

    private enum CodingKeys: String, CodingKey {
      case accuracy, precision, recall, f1, n
      case yesRatio = "yes_ratio"
    }

    /// - Parameter pairs: whether the model said yes, and whether yes was the truth.
    init(_ pairs: [(said: Bool, truth: Bool)]) {
      precondition(!pairs.isEmpty, "a split has questions")
      let hits = pairs.count { $0.said && $0.truth }
      let said = pairs.count { $0.said }
      let positive = pairs.count { $0.truth }
      func share(_ part: Int, of whole: Int) -> Double? { whole > 0 ? Double(part) / Double(whole) : nil }
      n = pairs.count
      accuracy = Double(pairs.count { $0.said == $0.truth }) / Double(n)
      precision = share(hits, of: said)
      recall = share(hits, of: positive)
      f1 = share(2 * hits, of: said + positive)
      yesRatio = Double(said) / Double(n)
    }

    public func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(accuracy, forKey: .accuracy)
      // Null rather than left out, to show that the figure is undefined.
      try container.encode(precision, forKey: .precision)
      try container.encode(recall, forKey: .recall)
      try container.encode(f1, forKey: .f1)
      try container.encode(yesRatio, forKey: .yesRatio)
      try container.encode(n, forKey: .n)
    }
  }

  /// Mean of the splits' F1; nil if a split has none.
  public let score: Double?
  public let categories: [String: Split]

  private enum CodingKeys: String, CodingKey { case metric, score, categories }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(Metric.pope.rawValue, forKey: .metric)
    try container.encode(score, forKey: .score)
    try container.encode(categories, forKey: .categories)
  }

  /// Scores questions that contain their labels.
  /// - Parameter answers: one per question, in the same order.
  /// - Throws: if a label is neither yes nor no.
  public init(_ questions: [Question], answers: [String]) throws(EvaluationError) {
    var pairs: [String: [(said: Bool, truth: Bool)]] = [:]
    for (question, answer) in zip(questions, answers) {
      let label = question.answers.first?.lowercased().strippedOfSpace ?? ""
      guard label == "yes" || label == "no" else {
        throw .mismatch("question \(question.identifier) has the label \"\(label)\", expected yes or no")
      }
      pairs[question.category ?? "(none)", default: []].append((YesNo.pope(answer) == "yes", label == "yes"))
    }
    let splits = pairs.mapValues(Split.init)
    // Sorted by name, because the order of a sum affects its last digit.
    let scores = splits.sorted { $0.key < $1.key }.map(\.value.f1)
    let known = scores.compactMap { $0 }
    categories = splits
    score = known.count == scores.count ? known.reduce(0, +) / Double(known.count) : nil
  }

  /// Gives questions the labels of label files. LLaVA's script pairs them by their order within a split.
  /// - Parameters:
  ///   - questions: each with its split as category.
  ///   - labels: one list per split; each label repeats at least its question's text and image.
  /// - Throws: `EvaluationError.mismatch` if splits, counts, pictures or texts differ.
  public static func labelled(
    _ questions: [Question], file: String, labels: [QuestionList], folder: String
  ) throws(EvaluationError) -> [Question] {
    var splits: [String: [Question]] = [:]
    for label in labels.flatMap(\.questions) { splits[label.category ?? "(none)", default: []].append(label) }
    var places: [String: Int] = [:]
    var labelled: [Question] = []
    for question in questions {
      guard let split = question.category else {
        throw .mismatch("question \(question.identifier) of \(file) has no category, which names its split")
      }
      guard let list = splits[split] else { throw .mismatch("\(folder) has no labels of \(split), which \(file) asks") }
      let place = places[split, default: 0]
      places[split] = place + 1
      guard place < list.count else {
        throw .mismatch("\(folder) has \(list.count) labels of \(split), and \(file) more questions")
      }
      let label = list[place]
      guard label.image == question.image, question.text.hasPrefix(label.text) else {
        throw .mismatch(
          "label \(place + 1) of \(split) is of another question than \(question.identifier) of \(file)")
      }
      labelled.append(
        Question(
          identifier: question.identifier, image: question.image, text: question.text, category: split,
          answers: label.answers))
    }
    for (split, list) in splits.sorted(by: { $0.key < $1.key }) where places[split] != list.count {
      throw .mismatch(
        "\(folder) has \(list.count) labels of \(split), and \(file) \(places[split] ?? 0) questions")
    }
    return labelled
  }
}
