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
  /// Where the pictures' rows stand, in order.
  let spans: [PictureSpan]
  /// [items, decoder width].
  let embeddings: Matrix
  /// Rotary positions.
  let positions: [Position]
  /// The position of the first new token.
  let nextPosition: Position
  /// What is added at the visual rows after the first decoder blocks; nil for families that add nothing.
  let additions: LayerAdditions?

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

  /// - Parameter question: nil unless the strategy reads it.
  init(
    _ picture: Picture, _ description: PictureDescription, setting: PruningSetting, spec: StrategySpec,
    question: String?
  ) {
    (digest, kind, self.picture) = (picture.digest, picture.kind, description)
    (strategy, budget, seed) = (spec, setting.budget, setting.seed)
    self.question = question
  }
}

extension VisionLanguageModel {
  /// The text that stands for a picture in a prompt.
  func placeholderText(of kind: PictureKind) -> String {
    (family.markers[kind] ?? family.markers[.image])?.placeholder ?? ""
  }

  /// A conversation as the model's template writes it.
  func prompt(turns: [Turn], system: String?) throws(VLMError) -> String {
    guard let template else { throw .noTemplate }
    guard system == nil || template.takesSystem else { throw .noSystemText(origin: template.origin) }
    return template.template.text(turns: turns, system: system, placeholder: placeholderText)
  }

  /// Refuses a question that holds a placeholder itself, as the tokenizer finds it: byte for byte, even where a
  /// combining mark follows.
  func refusePlaceholders(in question: String) throws(VLMError) {
    for marker in PictureKind.allCases.compactMap({ family.markers[$0] })
    where question.utf8.firstRange(of: marker.text.utf8) != nil {
      throw .placeholderInQuestion(marker.text)
    }
  }

  /// What a token of the prompt stands for; nil for text.
  private func kind(of token: Int) -> PictureKind? {
    PictureKind.allCases.first { family.markers[$0]?.token == token }
  }

  /// The prompt's token numbers, as many markers a picture as its family writes.
  /// - Parameter text: with one placeholder a picture, in order.
  func promptTokens(_ text: String, pictures: [Picture]) throws(VLMError) -> [Int] {
    var tokens = tokenizer.encode(text)
    let vocabulary = decoder.configuration.vocabulary
    if let outside = tokens.first(where: { $0 >= vocabulary && kind(of: $0) == nil }) {
      throw .tokenOutsideVocabulary(token: outside, vocabulary: vocabulary)
    }
    let (placeholders, kinds) = (tokens.compactMap(kind), pictures.map(\.kind))
    guard placeholders.count == pictures.count else {
      throw .placeholders(
        found: placeholders.count, pictures: pictures.count, placeholder: placeholderText(of: .image))
    }
    guard placeholders == kinds else { throw .placeholderOrder(found: placeholders, pictures: kinds) }
    let expanded = expanded(text, pictures: pictures)
    if expanded != text { tokens = tokenizer.encode(expanded) }
    // Checked before anything is embedded or encoded: a text that fills the context, whatever is kept of the pictures.
    let context = decoder.configuration.contextLength
    guard tokens.count < context else { throw .promptTooLong(tokens: tokens.count, context: context, fitting: nil) }
    return tokens
  }

  /// The text with what the family writes in the place of each picture. Markers are found by their bytes, as the
  /// tokenizer finds them: a combining mark after one belongs to the text.
  private func expanded(_ text: String, pictures: [Picture]) -> String {
    var (result, rest) = ("", text[...])
    for picture in pictures {
      guard let marker = family.markers[picture.kind], let place = rest.utf8.firstRange(of: marker.text.utf8)
      else { break }
      let text = family.placeholder(for: picture)
      var (before, after) = (rest[..<place.lowerBound], rest[place.upperBound...])
      // A marker without its surroundings, in a prompt that the user writes, is replaced as well.
      let isSurrounded =
        before.utf8.reversed().starts(with: marker.before.utf8.reversed())
        && after.utf8.starts(with: marker.after.utf8)
      if isSurrounded, text != marker.placeholder {
        before = Substring(before.utf8.dropLast(marker.before.utf8.count))
        after = Substring(after.utf8.dropFirst(marker.after.utf8.count))
      }
      result += before + (text == marker.placeholder ? marker.text : text)
      rest = after
    }
    return result + rest
  }

  /// The token numbers before pruning: each marker repeated once for every unpruned row.
  func unprunedTokens(_ tokens: [Int], pictures: [Picture], visual: [VisualRows]) -> [Int] {
    var lengths = runs(of: visual, pictures: pictures).map(\.run.unprunedLength).makeIterator()
    return tokens.flatMap { token in
      kind(of: token) != nil ? [Int](repeating: token, count: lengths.next() ?? 0) : [token]
    }
  }

  /// What each marker stands for, in the order of the prompt.
  private func runs(of visual: [VisualRows], pictures: [Picture]) -> [(picture: Int, run: VisualRun)] {
    zip(pictures, visual).enumerated().flatMap { index, pair in
      pair.1.runs(family.markerCount(of: pair.0)).map { (index, $0) }
    }
  }

  /// Replaces markers by visual rows and numbers the positions.
  /// - Parameters:
  ///   - visual: what is sent of each picture.
  ///   - keys: one per picture.
  func sequence(
    _ tokens: [Int], pictures: [Picture], visual: [VisualRows], keys: [VisualKey], numbering: ImagePlan.Positions
  ) -> PromptSequence {
    var items: [PromptSequence.Item] = []
    var (spans, visualSpans): ([PromptSpan], [PictureSpan]) = ([], [])
    var values: [Float] = []
    var added: [Int] = []
    var runs = runs(of: visual, pictures: pictures).makeIterator()
    for text in tokens.runs(separatedBy: { kind(of: $0) != nil }) {
      if let text {
        items += text.map { .token($0) }
        spans.append(.text(text.count))
        values += decoder.embed(Array(text)).values
        continue
      }
      guard let (picture, run) = runs.next() else { preconditionFailure("the prompt has a marker for every run") }
      let places = items.count..<items.count + run.rows.count
      added += places
      visualSpans.append(PictureSpan(picture: picture, rows: places, ofPicture: run.rows))
      items += run.rows.map { .visual(keys[picture], row: $0) }
      spans.append(
        .visual(
          VisualSpan(
            kind: pictures[picture].kind, places: run.places, unprunedLength: run.unprunedLength, grids: run.grids,
            secondsPerView: pictures[picture].secondsPerView)))
      values += visual[picture].rows.rows(run.rows).values
    }
    let numbered = family.positions(of: spans, numbering: numbering)
    let width = decoder.configuration.width
    return PromptSequence(
      items: items, spans: visualSpans,
      embeddings: Matrix(rows: items.count, columns: width, values: values),
      positions: numbered.positions, nextPosition: numbered.next, additions: additions(visual, at: added))
  }

  /// What the pictures add after the first decoder blocks, at the given places of the prompt; nil if nothing.
  private func additions(_ visual: [VisualRows], at places: [Int]) -> LayerAdditions? {
    let count = visual.map(\.levels.count).max() ?? 0
    guard count > 0 else { return nil }
    let levels = (0..<count).map { level in
      Matrix(
        rows: places.count, columns: decoder.configuration.width, values: visual.flatMap { $0.levels[level].values })
    }
    return LayerAdditions(rows: places, levels: levels)
  }

  /// Refuses a prompt that leaves no room for one new token, and says which budget would.
  /// - Parameter budgetShortens: whether a smaller budget makes the prompt shorter; not where tokens are dropped inside
  ///   the decoder, whose first blocks run on all of it.
  func checkContext(
    _ sequence: PromptSequence, visual: [VisualRows], budgetShortens: Bool = true
  ) throws(VLMError) {
    let context = decoder.configuration.contextLength
    guard sequence.items.count >= context else { return }
    let text = sequence.items.count { if case .token = $0 { true } else { false } }
    // Rows that no budget removes (a class token, separators) are subtracted first.
    let unbudgeted = visual.reduce(0) { $0 + $1.rows.rows - $1.kept }
    let fitting = (context - text - unbudgeted - 1) / max(visual.count, 1)
    // Each view needs at least one token.
    let smallest = visual.map(\.plan.views.count).max() ?? 0
    throw .promptTooLong(
      tokens: sequence.items.count, context: context,
      fitting: budgetShortens && smallest > 0 && fitting >= smallest ? fitting : nil)
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
