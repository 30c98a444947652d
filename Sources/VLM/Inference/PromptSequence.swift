import Kernels
import Language
import Pruning

/// A prompt as the decoder reads it: embedded text with visual rows in the place of each image.
struct PromptSequence {
  /// What is at a position: equal items at equal positions, after equal beginnings, have equal keys and values.
  enum Item: Hashable {
    case token(Int)
    /// Row `row` of what is sent of a picture.
    case visual(VisualKey, row: Int)
  }

  let items: [Item]
  /// [items, decoder width].
  let embeddings: Matrix
  /// Rotary positions.
  let positions: [Position]
  /// The position of the first new token.
  let nextPosition: Position

  /// Items up to the last row of the last picture; 0 where the prompt has none.
  var endOfPictures: Int {
    items.lastIndex { if case .visual = $0 { true } else { false } }.map { $0 + 1 } ?? 0
  }
}

/// Identifies the rows that are sent of a picture by everything that they depend on.
struct VisualKey: Hashable {
  /// The picture's content and processing.
  let digest: UInt64
  let kind: PictureKind
  let picture: PictureDescription
  /// The strategy with every option, the budget and the seed.
  let strategy: StrategySpec
  let budget: Budget
  let seed: UInt64
  /// Nil unless the strategy reads the question.
  let question: String?
}

extension VisionLanguageModel {
  /// The text that stands for a picture in a prompt.
  func placeholderText(of kind: PictureKind) -> String { (family.markers[kind] ?? family.markers[.image])?.text ?? "" }

  /// A conversation as the model's template writes it.
  func prompt(turns: [Turn], system: String?) throws(VLMError) -> String {
    guard let template else { throw .noTemplate }
    guard system == nil || template.takesSystem else { throw .noSystemText(origin: template.origin) }
    return template.template.text(turns: turns, system: system, placeholder: placeholderText)
  }

  /// Refuses a question that holds a placeholder itself.
  func refusePlaceholders(in question: String) throws(VLMError) {
    for text in PictureKind.allCases.map(placeholderText) where question.contains(text) {
      throw .placeholderInQuestion(text)
    }
  }

  /// What a token of the prompt stands for; nil for text.
  private func kind(of token: Int) -> PictureKind? {
    PictureKind.allCases.first { family.markers[$0]?.token == token }
  }

  /// The prompt's token numbers, one placeholder per picture.
  func promptTokens(_ text: String, pictures: [PictureKind]) throws(VLMError) -> [Int] {
    let tokens = tokenizer.encode(text)
    let vocabulary = decoder.configuration.vocabulary
    if let outside = tokens.first(where: { $0 >= vocabulary && kind(of: $0) == nil }) {
      throw .tokenOutsideVocabulary(token: outside, vocabulary: vocabulary)
    }
    let placeholders = tokens.compactMap(kind)
    guard placeholders.count == pictures.count else {
      throw .placeholders(found: placeholders.count, pictures: pictures.count)
    }
    guard placeholders == pictures else { throw .placeholderOrder(found: placeholders, pictures: pictures) }
    // Checked before anything is embedded or encoded: a text that fills the context, whatever is kept of the pictures.
    let context = decoder.configuration.contextLength
    guard tokens.count < context else { throw .promptTooLong(tokens: tokens.count, context: context, fitting: nil) }
    return tokens
  }

  /// The token numbers before pruning: each placeholder repeated once for every unpruned row.
  func unprunedTokens(_ tokens: [Int], visual: [VisualRows]) -> [Int] {
    var next = visual.makeIterator()
    return tokens.flatMap { token in
      kind(of: token) != nil ? [Int](repeating: token, count: next.next()?.unprunedLength ?? 0) : [token]
    }
  }

  /// Replaces placeholders by visual rows and numbers the positions.
  /// - Parameter keys: one per picture.
  func sequence(
    _ tokens: [Int], visual: [VisualRows], keys: [VisualKey], numbering: ImagePlan.Positions
  ) -> PromptSequence {
    var items: [PromptSequence.Item] = []
    var spans: [PromptSpan] = []
    var values: [Float] = []
    var picture = 0
    for run in tokens.runs(separatedBy: { kind(of: $0) != nil }) {
      if let run {
        items += run.map { .token($0) }
        spans.append(.text(run.count))
        values += decoder.embed(Array(run)).values
        continue
      }
      let rows = visual[picture]
      items += (0..<rows.rows.rows).map { .visual(keys[picture], row: $0) }
      spans.append(.visual(places: rows.originalPlaces, unprunedLength: rows.unprunedLength))
      values += rows.rows.values
      picture += 1
    }
    let numbered = family.positions(of: spans, numbering: numbering)
    return PromptSequence(
      items: items, embeddings: Matrix(rows: items.count, columns: decoder.configuration.width, values: values),
      positions: numbered.positions, nextPosition: numbered.next)
  }

  /// Refuses a prompt that leaves no room for one new token, and says which budget would.
  func checkContext(_ sequence: PromptSequence, visual: [VisualRows]) throws(VLMError) {
    let context = decoder.configuration.contextLength
    guard sequence.items.count >= context else { return }
    let text = sequence.items.count { if case .token = $0 { true } else { false } }
    // Rows that no budget removes (a class token, separators) are subtracted first.
    let unbudgeted = visual.reduce(0) { $0 + $1.rows.rows - $1.kept }
    let fitting = (context - text - unbudgeted - 1) / max(visual.count, 1)
    // Each view needs at least one token.
    let smallest = visual.map(\.plan.views.count).max() ?? 0
    throw .promptTooLong(
      tokens: sequence.items.count, context: context, fitting: smallest > 0 && fitting >= smallest ? fitting : nil)
  }
}

extension [Int] {
  /// The runs between separators, in order; nil stands for each separator.
  fileprivate func runs(separatedBy isSeparator: (Int) -> Bool) -> [ArraySlice<Int>?] {
    var runs: [ArraySlice<Int>?] = []
    for (index, part) in split(omittingEmptySubsequences: false, whereSeparator: isSeparator).enumerated() {
      if index > 0 { runs.append(nil) }
      if !part.isEmpty { runs.append(part) }
    }
    return runs
  }
}
