/// The grades of a run: every setting on every question, in whatever order the rows came.
public struct GradedRun: Sendable {
  /// One setting's values, one per question, in the run's order of questions.
  public struct Setting: Sendable {
    public let strategy: String
    public let keep: String
    /// 0…1.
    public let grades: [Double]
    /// Places of the questions that failed; their grade is 0.
    let failed: Set<Int>
    /// Visual tokens kept, and visual tokens unpruned; NaN if a row does not say.
    let kept: [Double]
    let visualTokens: [Double]
    /// Milliseconds by stage; NaN if a row does not say.
    let times: [String: [Double]]

    var size: BudgetSize { BudgetSize(keep, visualTokens: Self.mean(visualTokens)) }

    /// Whether this is the dense setting.
    public var isDense: Bool { strategy == "none" }

    /// Whether this setting keeps random tokens.
    public var isRandom: Bool { strategy == "random" }

    /// The mean of the known values.
    static func mean(_ values: [Double]) -> Double? {
      let known = values.filter { !$0.isNaN }
      return known.isEmpty ? nil : known.reduce(0, +) / Double(known.count)
    }
  }

  /// Numbers in ascending order, then names in byte order.
  public let questions: [Question.Identifier]
  public let images: [String?]
  public let categories: [String?]
  /// `none` first, then by strategy, each with its largest budget first.
  public let settings: [Setting]

  init(questions: [Question.Identifier], images: [String?], categories: [String?], settings: [Setting]) {
    self.questions = questions
    self.images = images
    self.categories = categories
    self.settings = settings.map { ($0, $0.size) }.sorted { Self.precedes($0, $1) }.map(\.0)
  }

  private static func precedes(_ one: (Setting, BudgetSize), _ other: (Setting, BudgetSize)) -> Bool {
    if one.0.isDense != other.0.isDense { return one.0.isDense }
    if one.0.strategy != other.0.strategy {
      return one.0.strategy.utf8.lexicographicallyPrecedes(other.0.strategy.utf8)
    }
    return one.1 < other.1
  }

  /// Index of the dense setting.
  var dense: Int { 0 }

  /// Index of `random` at a setting's budget; nil if there is none.
  func random(beside setting: Setting) -> Int? {
    guard !setting.isDense, !setting.isRandom else { return nil }
    return settings.firstIndex { $0.isRandom && $0.keep == setting.keep }
      ?? settings.firstIndex { $0.isRandom && !($0.size < setting.size) && !(setting.size < $0.size) }
  }

  /// Indices of the questions of each category, by the category's name. If only some questions have a category, the
  /// others form "(none)".
  var groups: [(name: String, places: [Int])] {
    guard categories.contains(where: { $0 != nil }) else { return [] }
    return Dictionary(grouping: categories.indices) { categories[$0] ?? "(none)" }
      .map { (name: $0.key, places: $0.value) }
      .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }
}
