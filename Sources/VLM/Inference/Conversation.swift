import Kernels
import Language
import Pruning
import ViT

/// One conversation with a model: its pictures, turns and key–value cache. One task owns it, and may hand it to
/// another.
///
/// Later questions reuse what the cache already holds: the longest common beginning of the old and the new prompt. If
/// only the question, strategy or budget changes, the pictures' features are reused.
public struct Conversation: ~Copyable, Sendable {
  public private(set) var model: VisionLanguageModel
  public private(set) var setting: PruningSetting
  /// The setting's strategy with every option spelled out; nil before the setting's first question.
  private var spec: StrategySpec?
  public let system: String?
  private var turns: [Turn] = []
  private var pictures: [Picture] = []
  /// Pictures that belong to no turn yet.
  private var unaskedPictures = 0
  /// What is known about each picture, whatever the question.
  private var features: [FeatureCache] = []
  /// What is sent of each picture, and what that depends on.
  private var sent: [SentPicture] = []
  private let expected: Evidence
  private var cache: DecoderCache
  /// Answers begun so far. The cache holds one at a time.
  private var begun = 0

  /// - Parameter expected: evidence that later settings will read; collected with the first, so that no picture is
  ///   encoded twice.
  public init(
    model: VisionLanguageModel, setting: PruningSetting, system: String? = nil, expecting expected: Evidence = .none
  ) {
    self.expected = expected
    self.model = model
    self.setting = setting
    self.system = system
    cache = DecoderCache(model.decoder.makeCache(capacity: 64))
  }

  /// Prunes every picture by another setting from the next question on.
  public mutating func change(_ setting: PruningSetting) {
    self.setting = setting
    spec = nil
  }

  /// From now on `begin` and `next` throw `.cancelled` soon after `check` says that the answer is no longer wanted,
  /// between two blocks of the tower or the decoder. The conversation stays as it was before the answer.
  public mutating func stop(when check: @escaping @Sendable () -> Bool) { model = model.stopping(when: check) }

  /// Drops questions and answers, but keeps the pictures and what the cache holds of them: the next question is the
  /// first one about the same pictures.
  public mutating func forgetTurns() {
    turns = []
    unaskedPictures = pictures.count
  }

  /// Starts again with other pictures.
  public mutating func restart() {
    turns = []
    pictures = []
    unaskedPictures = 0
    features = []
    sent = []
  }

  /// Answers a question about the pictures so far and `newPictures`.
  /// - Parameters:
  ///   - rawPrompt: whether the question is the whole prompt, placeholders included. It does not join the conversation:
  ///     pictures and turns stay as they were.
  ///   - inspection: takes every intermediate of the first new token.
  ///   - onText: called with each piece of the answer as it is written; the pieces joined are the answer.
  public mutating func ask(
    _ question: String, newPictures: [Picture] = [], rawPrompt: Bool = false,
    options: GenerationOptions = GenerationOptions(), inspection: Inspection? = nil,
    onText: (String) -> Void = { _ in }
  ) throws(VLMError) -> Answer {
    var generation = try begin(
      question, newPictures: newPictures, rawPrompt: rawPrompt, options: options, inspection: inspection)
    while let step = try next(&generation, inspection: inspection) {
      if case .text(let piece) = step, !piece.isEmpty { onText(piece) }
    }
    return generation.answer
  }

  /// Begins an answer: checks the prompt, encodes and prunes the pictures, but does not run the decoder. A question
  /// that is refused leaves the conversation as it was; so does a generation that is dropped.
  /// - Parameters: as `ask`.
  public mutating func begin(
    _ question: String, newPictures: [Picture] = [], rawPrompt: Bool = false,
    options: GenerationOptions = GenerationOptions(), inspection: Inspection? = nil
  ) throws(VLMError) -> Generation {
    guard question.contains(where: { !$0.isWhitespace }) else { throw .emptyQuestion }
    let spec: StrategySpec
    if let known = self.spec { spec = known } else { spec = try model.spec(of: setting) }
    self.spec = spec
    let all = pictures + newPictures
    let turn = Turn(question: question, pictures: all.suffix(unaskedPictures + newPictures.count).map(\.kind))
    let text = rawPrompt ? question : try model.prompt(turns: turns + [turn], system: system)
    if !rawPrompt { try model.refusePlaceholders(in: question) }
    // The prompt is checked before anything is computed.
    let tokens = try model.promptTokens(text, pictures: all)
    var timings = StageTimings()
    var next: [SentPicture] = []
    var features = features
    while features.count < all.count { features.append(FeatureCache(expecting: expected)) }
    for (index, picture) in all.enumerated() {
      let known = sent.indices.contains(index) && inspection == nil ? sent[index] : nil
      next.append(
        try model.sentPicture(
          picture, setting: setting, spec: spec, question: question, known: known, features: &features[index],
          timings: &timings, inspection: inspection))
    }
    let rows = next.map(\.rows)
    let prompt = model.sequence(
      tokens, pictures: all, visual: rows, keys: next.map(\.key), numbering: setting.positions)
    try model.checkContext(prompt, visual: rows, budgetShortens: setting.strategy.inDecoder == nil)
    let pruning = try model.pruning(
      of: prompt.spans, in: prompt.embeddings, positions: prompt.positions, visual: rows, setting: setting)
    if let inspection {
      let unpruned = model.unprunedTokens(tokens, pictures: all, visual: rows)
      inspection.take(prompt, unpruned: unpruned, visual: rows, showsPositions: type(of: model.family).numbersGrids)
    }
    begun += 1
    return Generation(
      number: begun, prompt: prompt, pruning: pruning, turn: rawPrompt ? nil : turn, pictures: all, sent: next,
      features: features,
      options: options,
      spec: spec, strategy: setting.strategy, timings: timings,
      sampler: Sampler(options: options.sampling, seed: setting.seed, prompt: tokens),
      writer: AnswerWriter(stream: model.tokenizer.makeStreamDecoder(skipSpecialTokens: true)))
  }

  /// Advances an answer by one step: a chunk of the prompt, or a token.
  /// - Parameter chunk: most positions of the prompt that one step runs.
  /// - Returns: nil when the answer has ended; its question, pictures and text belong to the conversation from then on.
  public mutating func next(
    _ generation: inout Generation, chunk: Int = .max, inspection: Inspection? = nil
  ) throws(VLMError) -> Generation.Step? {
    guard generation.finishReason == nil else { return nil }
    precondition(generation.number == begun, "a conversation writes one answer at a time")
    let clock = ContinuousClock()
    let start = clock.now
    guard let logits = generation.logits else {
      defer { generation.timings.prefill += clock.now - start }
      try prefill(&generation, chunk: chunk, inspection: inspection)
      return .prefilled(generation.prefilled, of: generation.promptLength)
    }
    defer { generation.timings.decode += clock.now - start }
    return try decode(logits, &generation, inspection: inspection)
  }

  private mutating func prefill(
    _ generation: inout Generation, chunk: Int, inspection: Inspection?
  ) throws(VLMError) {
    if var reduction = generation.pruning.map(PromptReduction.init) {
      let logits: [Float]
      do {
        logits = try cache.prefillDropping(generation.prompt, reducing: &reduction, by: model, inspection: inspection)
      } catch { throw .pruning(error) }
      try check(logits)
      generation.pruning = reduction.pruning
      inspection?.take(reduction.pruning.record)
      (generation.prefilled, generation.logits) = (generation.promptLength, logits)
      return
    }
    // An inspection needs all positions at once, and none from the cache.
    let (done, logits) = cache.prefill(
      generation.prompt, by: model, begun: generation.prefilled, chunk: inspection == nil ? chunk : .max,
      isolating: generation.options.isolatesQuestions, inspection: inspection)
    generation.prefilled = done
    try check(logits ?? [])
    generation.logits = logits
  }

  private mutating func decode(
    _ logits: [Float], _ generation: inout Generation, inspection: Inspection?
  ) throws(VLMError) -> Generation.Step {
    let token = generation.sampler.next(logits)
    generation.tokens.append(token)
    let ended = model.endTokens.contains(token)
    let piece = ended ? "" : generation.writer.append(token)
    let filled = generation.promptLength + generation.tokens.count - 1
    guard !ended, generation.tokens.count < generation.options.maxNewTokens,
      filled < model.decoder.configuration.contextLength
    else {
      generation.finishReason = ended ? .stop : .length
      let rest = generation.writer.finish()
      inspection?.take("generated_ids", integers: generation.tokens)
      join(generation)
      return .text(piece + rest)
    }
    let position = generation.prompt.nextPosition.advanced(by: generation.tokens.count - 1)
    let next = cache.append(token, at: position, by: model)
    do { try check(next) } catch {
      cache.forget()
      throw error
    }
    generation.logits = next
    return .text(piece)
  }

  /// A finished answer becomes part of the conversation.
  private mutating func join(_ generation: Generation) {
    guard var turn = generation.turn else { return }
    turn.answer = generation.writer.text
    turns.append(turn)
    pictures = generation.pictures
    sent = generation.sent
    features = generation.features
    unaskedPictures = 0
  }

  /// Refuses the result of a run that was stopped, and numbers that mean nothing.
  private mutating func check(_ logits: [Float]) throws(VLMError) {
    if model.workers.haveStopped {
      cache.forget()
      throw .cancelled
    }
    guard logits.allSatisfy(\.isFinite) else { throw .notFinite(stage: "the decoder") }
  }
}
