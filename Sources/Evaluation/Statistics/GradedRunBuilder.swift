/// Collects rows one at a time. It keeps only what the figures need, not the answers' text.
public struct GradedRunBuilder {
  private struct Key: Hashable {
    let strategy: String
    let keep: String
  }

  /// A setting's values by question index; NaN where a row is missing.
  private struct Column {
    let key: Key
    var grades: [Double] = []
    /// Indices of the questions that failed.
    var failed: Set<Int> = []
    var kept: [Double] = []
    var visualTokens: [Double] = []
    var times: [String: [Double]] = [:]
  }

  private let file: String
  /// Questions that are expected: columns of that length never grow, and growing takes twice the memory.
  private let expected: Int
  private var places: [Question.Identifier: Int] = [:]
  private var questions: [Question.Identifier] = []
  private var images: [String?] = []
  private var categories: [String?] = []
  private var columnPlaces: [Key: Int] = [:]
  private var columns: [Column] = []
  public private(set) var rowCount = 0

  /// - Parameters:
  ///   - file: how to name the rows' file in errors.
  ///   - questions: how many are expected; there may be others.
  public init(file: String, expecting questions: Int = 0) {
    self.file = file
    expected = questions
  }

  /// Adds one row.
  /// - Parameter line: the row's line number, for messages.
  /// - Throws: `EvaluationError` if the row has no grade, if its question already has a row in this setting, or if an
  ///   earlier row of the question names another image or category.
  public mutating func add(_ row: RunRow, line: Int) throws(EvaluationError) {
    let file = file
    func fault(_ reason: String) -> EvaluationError { .malformedRow(file: file, line: line, reason: reason) }
    let name = Self.label(row.question)
    guard let grade = row.error == nil ? row.correct : 0 else { throw fault("its correct is null: nothing to compare") }
    let place = place(of: row.question)
    guard Self.agree(&images[place], row.image) else { throw fault("question \(name) had another image before") }
    guard Self.agree(&categories[place], row.category) else {
      throw fault("question \(name) had another category before")
    }
    let column = column(of: Key(strategy: row.strategy, keep: row.keep))
    if columns[column].grades.count > place, !columns[column].grades[place].isNaN {
      throw fault("question \(name) occurs twice under \(row.strategy) at \(row.keep)")
    }
    put(grade, at: place, in: &columns[column].grades)
    if row.error != nil { columns[column].failed.insert(place) }
    put(row.kept.map(Double.init) ?? .nan, at: place, in: &columns[column].kept)
    put(row.visualTokens.map(Double.init) ?? .nan, at: place, in: &columns[column].visualTokens)
    for (stage, time) in row.times { put(time, at: place, in: &columns[column].times[stage, default: []]) }
    rowCount += 1
  }

  /// The run, when every setting has every question. The builder is empty afterwards: its columns go one by one into
  /// the run, so that no more than one of them is there twice.
  /// - Parameter isPartial: whether questions that a setting lacks are left out instead of refused.
  /// - Throws: `EvaluationError` naming the setting and the question that is missing.
  public mutating func run(isPartial: Bool = false) throws(EvaluationError) -> GradedRun {
    guard rowCount > 0 else { throw .noRows(file: file) }
    let dense = columns.filter { $0.key.strategy == "none" }
    guard let first = dense.first else { throw .unpairedRows(file: file, reason: "there is no row of strategy none") }
    guard dense.count == 1 else {
      throw .unpairedRows(
        file: file, reason: "strategy none stands there twice, at \(first.key.keep) and at \(dense[1].key.keep)")
    }
    var order = questions.indices.sorted { Self.precedes(questions[$0], questions[$1]) }
    if isPartial {
      order.removeAll { place in columns.contains { Self.value(at: place, in: $0.grades).isNaN } }
      guard !order.isEmpty else { throw .noRows(file: file) }
    }
    for column in columns {
      guard let missing = order.first(where: { Self.value(at: $0, in: column.grades).isNaN }) else { continue }
      throw .unpairedRows(
        file: file,
        reason: "\(column.key.strategy) at \(column.key.keep) has no row of question \(Self.label(questions[missing]))")
    }
    var settings: [GradedRun.Setting] = []
    columns.reverse()
    while let column = columns.popLast() { settings.append(Self.setting(column, order)) }
    let run = GradedRun(
      questions: order.map { questions[$0] }, images: order.map { images[$0] },
      categories: order.map { categories[$0] }, settings: settings)
    self = GradedRunBuilder(file: file, expecting: expected)
    return run
  }

  private static func setting(_ column: Column, _ order: [Int]) -> GradedRun.Setting {
    func ordered(_ values: [Double]) -> [Double] { order.map { value(at: $0, in: values) } }
    return GradedRun.Setting(
      strategy: column.key.strategy, keep: column.key.keep, grades: ordered(column.grades),
      failed: Set(order.indices.filter { column.failed.contains(order[$0]) }), kept: ordered(column.kept),
      visualTokens: ordered(column.visualTokens), times: column.times.mapValues(ordered))
  }

  private mutating func place(of question: Question.Identifier) -> Int {
    if let place = places[question] { return place }
    places[question] = questions.count
    questions.append(question)
    images.append(nil)
    categories.append(nil)
    return questions.count - 1
  }

  private mutating func column(of key: Key) -> Int {
    if let column = columnPlaces[key] { return column }
    columnPlaces[key] = columns.count
    columns.append(Column(key: key))
    return columns.count - 1
  }

  /// Merges a row's value into the known one. A row without a value agrees with any.
  private static func agree(_ known: inout String?, _ said: String?) -> Bool {
    guard let said else { return true }
    guard let before = known else {
      known = said
      return true
    }
    return before == said
  }

  private func put(_ value: Double, at place: Int, in values: inout [Double]) {
    if values.isEmpty { values = [Double](repeating: .nan, count: max(expected, place + 1)) }
    while values.count <= place { values.append(.nan) }
    values[place] = value
  }

  private static func value(at place: Int, in values: [Double]) -> Double {
    place < values.count ? values[place] : .nan
  }

  private static func precedes(_ one: Question.Identifier, _ other: Question.Identifier) -> Bool {
    switch (one, other) {
    case (.number(let one), .number(let other)): one < other
    case (.name(let one), .name(let other)): one.utf8.lexicographicallyPrecedes(other.utf8)
    case (.number, .name): true
    case (.name, .number): false
    }
  }

  /// Quotes names, so that messages tell the questions 1 and "1" apart.
  private static func label(_ question: Question.Identifier) -> String {
    switch question {
    case .number(let number): "\(number)"
    case .name(let name): "\"\(name)\""
    }
  }
}
