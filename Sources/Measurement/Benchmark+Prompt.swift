import Kernels
import Language
import Pruning
import VLM

extension Benchmark {
  /// Positions of the text before the picture.
  static let before = 5

  /// Text, picture, text.
  struct Prompt {
    let embeddings: Matrix
    let positions: [Position]
    /// Of the first new token.
    let next: Position
    let additions: LayerAdditions?
    /// Where the picture's rows stand.
    let picture: Range<Int>
  }

  /// The first logits of a prompt, and what later tokens need where rows were dropped inside the decoder.
  struct Start {
    let logits: [Float]
    /// As `ReducedPrefill.shifts`; nil where nothing was dropped.
    let shifts: [Int]?
    let record: DecoderPruningRecord?
  }

  func makePrompt(of picture: Picture, _ visual: VisualRows, _ setting: PruningSetting) -> Prompt {
    let rows = visual.rows
    let tokens = (0..<textTokens).map { ($0 * 97 + 13) % model.decoder.configuration.vocabulary }
    let text = model.decoder.embed(tokens)
    let split = Self.before * rows.columns
    let embeddings = Matrix(
      rows: textTokens + rows.rows, columns: rows.columns,
      values: Array(text.values[..<split]) + rows.values + Array(text.values[split...]))
    let numbered = model.family.positions(
      of: [.text(Self.before), .visual(visual.span(of: picture)), .text(textTokens - Self.before)],
      numbering: setting.positions)
    return Prompt(
      embeddings: embeddings, positions: numbered.positions, next: numbered.next,
      additions: visual.additions(from: Self.before), picture: Self.before..<Self.before + rows.rows)
  }

  /// Runs a whole prompt.
  /// - Parameter cache: empty.
  func begin(
    _ prompt: Prompt, _ visual: VisualRows, _ setting: PruningSetting, cache: inout KeyValueCache
  ) throws(VLMError) -> Start {
    let span = PictureSpan(picture: 0, rows: prompt.picture, ofPicture: 0..<visual.rows.rows)
    let pruned = try model.prefill(
      prompt.embeddings, positions: prompt.positions, additions: prompt.additions, spans: [span], visual: [visual],
      setting: setting, cache: &cache)
    if let pruned {
      return Start(logits: pruned.prefill.logits, shifts: pruned.prefill.shifts, record: pruned.record)
    }
    let logits = model.decoder.run(
      prompt.embeddings, positions: prompt.positions, additions: prompt.additions, cache: &cache,
      workers: model.workers)
    return Start(logits: logits, shifts: nil, record: nil)
  }
}
