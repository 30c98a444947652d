import Kernels
import Pruning

/// A prompt as the decoder reads it: embedded text with visual rows in the place of each image.
struct PromptSequence {
  /// What stands at a position: equal items at equal positions have equal keys and values.
  enum Item: Hashable {
    case token(Int)
    /// Row `row` of picture `picture` under plan number `plan`.
    case visual(picture: Int, plan: Int, row: Int)
  }

  let items: [Item]
  /// [items, decoder width].
  let embeddings: Matrix
  /// Rotary positions.
  let positions: [Int]
  /// Where decoding goes on.
  let nextPosition: Int
}

extension VisionLanguageModel {
  /// The text that stands for a picture in a prompt.
  func placeholderText(of kind: PictureKind) -> String {
    switch kind {
    case .image: imageTokenText
    case .video: video?.tokenText ?? imageTokenText
    }
  }

  /// Refuses a question that holds a placeholder itself.
  func refusePlaceholders(in question: String) throws(VLMError) {
    for text in PictureKind.allCases.map(placeholderText) where question.contains(text) {
      throw .placeholderInQuestion(text)
    }
  }

  /// What a token of the prompt stands for; nil for text.
  private func kind(of token: Int) -> PictureKind? {
    if token == imageToken { return .image }
    return token == video?.token ? .video : nil
  }

  /// The prompt's token numbers, one placeholder a picture.
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
    // Before anything is embedded or encoded: a text that fills the context whatever is kept of the pictures.
    let context = decoder.configuration.contextLength
    guard tokens.count < context else { throw .promptTooLong(tokens: tokens.count, context: context, fitting: nil) }
    return tokens
  }

  /// The token numbers before pruning: each placeholder repeated once for every unpruned visual token.
  func unprunedTokens(_ tokens: [Int], visual: [VisualRows]) -> [Int] {
    var next = visual.makeIterator()
    return tokens.flatMap { token in
      kind(of: token) != nil ? [Int](repeating: token, count: next.next()?.unprunedLength ?? 0) : [token]
    }
  }

  /// Puts visual rows in the place of placeholders and numbers the positions.
  func sequence(
    _ tokens: [Int], visual: [VisualRows], planNumber: Int, numbering: ImagePlan.Positions
  ) -> PromptSequence {
    var items: [PromptSequence.Item] = []
    var places: [Int] = []
    var values: [Float] = []
    var picture = 0
    var place = 0
    for run in tokens.runs(separatedBy: { kind(of: $0) != nil }) {
      if let run {
        items += run.map { .token($0) }
        places += place..<place + run.count
        values += decoder.embed(Array(run)).values
        place += run.count
        continue
      }
      let rows = visual[picture]
      items += (0..<rows.rows.rows).map { .visual(picture: picture, plan: planNumber, row: $0) }
      places += rows.originalPlaces.map { place + $0 }
      values += rows.rows.values
      place += rows.unprunedLength
      picture += 1
    }
    let embeddings = Matrix(rows: items.count, columns: decoder.configuration.width, values: values)
    let renumbered = numbering == .renumbered
    return PromptSequence(
      items: items, embeddings: embeddings, positions: renumbered ? Array(items.indices) : places,
      nextPosition: renumbered ? items.count : place)
  }

  /// Refuses a prompt that leaves no room for one new token, and says which budget would.
  func checkContext(_ sequence: PromptSequence, visual: [VisualRows]) throws(VLMError) {
    let context = decoder.configuration.contextLength
    guard sequence.items.count >= context else { return }
    let text = sequence.items.count { if case .token = $0 { true } else { false } }
    // Rows that no budget removes (a class token, separators) take their places first.
    let unbudgeted = visual.reduce(0) { $0 + $1.rows.rows - $1.kept }
    let fitting = (context - text - unbudgeted - 1) / max(visual.count, 1)
    // Each view needs a token.
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
