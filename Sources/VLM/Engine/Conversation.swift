import Kernels
import Pruning
import ViT

/// One conversation with a model: its pictures, turns and key–value cache. Owned by one task.
///
/// Later questions reuse what the cache already holds: the longest common beginning of the old and the new prompt. Another
/// strategy or budget reuses the pictures' features.
public struct Conversation: ~Copyable {
  public let model: VisionLanguageModel
  public private(set) var setting: PruningSetting
  public let system: String?
  private var turns: [Turn] = []
  private var pictures: [Picture] = []
  /// Pictures that belong to no turn yet.
  private var unaskedPictures = 0
  private var visual: [VisualRows] = []
  /// Unpruned features and evidence of each picture.
  private var encodings: [ReusableEncoding] = []
  private let expected: Evidence
  private var planNumber = 0
  private var cache: KeyValueCache
  /// What the cache holds, position by position.
  private var cached: [PromptSequence.Item] = []
  private var cachedPositions: [Int] = []

  /// - Parameter expected: evidence that later settings will read; collected with the first, so that no picture is encoded
  ///   twice.
  public init(
    model: VisionLanguageModel, setting: PruningSetting, system: String? = nil, expecting expected: Evidence = .none
  ) {
    self.expected = expected
    self.model = model
    self.setting = setting
    self.system = system
    cache = model.decoder.makeCache(capacity: 64)
  }

  /// Prunes every picture anew from the next question on.
  public mutating func change(_ setting: PruningSetting) {
    self.setting = setting
    visual = []
    planNumber += 1
  }

  /// Forgets questions and answers, but neither the pictures nor what the cache holds of them: the next question is the first
  /// one about the same pictures.
  public mutating func forgetTurns() {
    turns = []
    unaskedPictures = pictures.count
  }

  /// Starts again with other pictures.
  public mutating func restart() {
    turns = []
    pictures = []
    unaskedPictures = 0
    visual = []
    encodings = []
    planNumber += 1
  }

  /// Answers a question about the pictures so far and `newPictures`.
  /// - Parameters:
  ///   - rawPrompt: whether the question is the whole prompt, placeholders included.
  ///   - onText: called with each piece of the answer as it is written; the pieces joined are the answer.
  ///   - recorder: takes every intermediate of the first new token.
  public mutating func ask(
    _ question: String, newPictures: [Picture] = [], rawPrompt: Bool = false,
    options: GenerationOptions = GenerationOptions(), recorder: InspectionRecorder? = nil,
    onText: (String) -> Void = { _ in }
  ) throws(VLMError) -> Answer {
    guard question.contains(where: { !$0.isWhitespace }) else { throw .emptyQuestion }
    var timings = StageTimings()
    let strategy = setting.strategy
    let spec = try wrapping { [model] () throws(PruningError) in try strategy.resolved(on: model.description) }
    // The prompt is checked before anything is computed.
    let all = pictures + newPictures
    let turn = Turn(question: question, pictures: all.suffix(unaskedPictures + newPictures.count).map(\.kind))
    let text =
      rawPrompt
      ? question
      : model.template.text(turns: turns + [turn], system: system, placeholder: model.placeholderText)
    if !rawPrompt { try model.refusePlaceholders(in: question) }
    let tokens = try model.promptTokens(text, pictures: all.map(\.kind))
    try forgetRowsOfOtherQuestions()
    // A question that is refused leaves the conversation as it was: pictures join it below, behind all that can fail.
    var visual = self.visual
    var encodings = self.encodings
    while encodings.count < all.count { encodings.append(ReusableEncoding(expecting: expected)) }
    for index in visual.count..<all.count {
      visual.append(
        try model.visualRows(
          of: all[index], setting: setting, question: question, encoding: &encodings[index], timings: &timings,
          recorder: recorder))
    }
    let prompt = model.sequence(tokens, visual: visual, planNumber: planNumber, numbering: setting.positions)
    try model.checkContext(prompt, visual: visual)
    recorder?.record(
      prompt: prompt, unpruned: model.unprunedTokens(tokens, visual: visual), visual: visual,
      tokensPerView: model.description.grid.count)
    let logits = try prefill(prompt, timings: &timings, recorder: recorder)
    recorder?.record(logits: logits)
    let decoded: (text: String, tokens: [Int], reason: Answer.FinishReason)
    do {
      decoded = try decode(logits, from: prompt.nextPosition, options: options, timings: &timings, onText: onText)
    } catch {
      // The pictures do not join the conversation, so nothing of them may stay behind either.
      cache.truncate(to: 0)
      cached = []
      cachedPositions = []
      throw error
    }
    recorder?.record(generated: decoded.tokens)
    turns.append(Turn(question: question, pictures: turn.pictures, answer: decoded.text))
    unaskedPictures = 0
    pictures = all
    self.visual = visual
    self.encodings = encodings
    return Answer(
      text: decoded.text, finishReason: decoded.reason, generated: decoded.tokens, firstLogits: logits,
      promptLength: prompt.items.count, visual: visual, strategy: spec, timings: timings)
  }

  /// Strategies that read the question decide anew for each.
  private mutating func forgetRowsOfOtherQuestions() throws(VLMError) {
    let strategy = setting.strategy
    let description = model.description
    let evidence = try wrapping { () throws(PruningError) in try strategy.evidence(on: description) }
    guard evidence.kinds.contains(.text), !visual.isEmpty else { return }
    visual = []
    planNumber += 1
  }

  /// Runs what the cache does not hold yet.
  /// - Returns: logits of the first new token.
  private mutating func prefill(
    _ prompt: PromptSequence, timings: inout StageTimings, recorder: InspectionRecorder?
  ) throws(VLMError) -> [Float] {
    let clock = ContinuousClock()
    let start = clock.now
    // At least the last position runs: its logits are wanted. Whoever inspects wants all of them.
    var shared = 0
    if recorder == nil {
      let limit = min(cached.count, prompt.items.count - 1)
      while shared < limit, cached[shared] == prompt.items[shared],
        cachedPositions[shared] == prompt.positions[shared]
      { shared += 1 }
    }
    cache.truncate(to: shared)
    cached.removeSubrange(shared...)
    cachedPositions.removeSubrange(shared...)
    let logits = model.decoder.run(
      prompt.embeddings.rows(shared..<prompt.items.count),
      positions: prompt.positions[shared...].map(Position.init), cache: &cache, workers: model.workers,
      trace: recorder?.decoderTrace)
    timings.prefill += clock.now - start
    try Self.checkFinite(logits)
    cached = prompt.items
    cachedPositions = prompt.positions
    return logits
  }

  private static func checkFinite(_ logits: [Float]) throws(VLMError) {
    guard logits.allSatisfy(\.isFinite) else { throw .notFinite(stage: "the decoder") }
  }

  private mutating func decode(
    _ first: [Float], from position: Int, options: GenerationOptions, timings: inout StageTimings,
    onText: (String) -> Void
  ) throws(VLMError) -> (text: String, tokens: [Int], reason: Answer.FinishReason) {
    let clock = ContinuousClock()
    let start = clock.now
    defer { timings.decode += clock.now - start }
    var sampler = Sampler(options: options.sampling, seed: setting.seed)
    var writer = AnswerWriter(stream: model.tokenizer.makeStreamDecoder(skipSpecialTokens: true))
    var tokens: [Int] = []
    var logits = first
    let context = model.decoder.configuration.contextLength
    while true {
      let token = sampler.next(logits)
      tokens.append(token)
      let ended = model.endTokens.contains(token)
      let piece = ended ? "" : writer.append(token)
      if !piece.isEmpty { onText(piece) }
      guard !ended, tokens.count < options.maxNewTokens, cached.count < context else {
        let rest = writer.finish()
        if !rest.isEmpty { onText(rest) }
        return (writer.text, tokens, ended ? .stop : .length)
      }
      let next = position + tokens.count - 1
      logits = model.decoder.run(
        model.decoder.embed([token]), positions: [Position(next)], cache: &cache, workers: model.workers)
      try Self.checkFinite(logits)
      cached.append(.token(token))
      cachedPositions.append(next)
    }
  }
}
