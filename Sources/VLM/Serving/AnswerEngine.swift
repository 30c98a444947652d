import Kernels
import Language
import Pruning

/// Runs answers, on the thread that calls `run`.
final class AnswerEngine {
  private let model: VisionLanguageModel
  private let line: RequestLine
  private var answers: [RunningAnswer] = []
  private var features: FeatureStore
  private var prefixes: PrefixStore
  private let clock = ContinuousClock()

  /// Positions of a part of a prompt while answers are written, and while none is.
  private static let parts = (besideAnswers: 64, alone: 256)

  /// - Parameter files: where features are kept between runs.
  init(model: VisionLanguageModel, options: ServiceOptions, line: RequestLine, files: FeatureFiles?) {
    self.model = model
    self.line = line
    features = FeatureStore(bytes: options.featureCacheBytes, expected: options.expected, files: files)
    prefixes = PrefixStore(bytes: options.prefixCacheBytes)
  }

  /// Answers until the line is closed.
  func run() {
    while let begun = line.admit() {
      for queued in begun {
        answers.append(RunningAnswer(queued, cache: model.decoder.makeCache(capacity: 1)))
        queued.tell(.started)
      }
      for answer in answers where answer.queued.isCancelled { end(answer, nil) }
      writeTokens()
      if let next = answers.first(where: { !$0.isWriting }) { advance(next) }
    }
  }

  /// Takes the next step towards an answer's first token.
  private func advance(_ answer: RunningAnswer) {
    do throws(VLMError) {
      if answer.generation == nil { try prepare(answer) } else { try prefill(answer) }
    } catch {
      end(answer, .failed(error))
    }
  }

  private func end(_ answer: RunningAnswer, _ event: AnswerEvent?) {
    answers.removeAll { $0 === answer }
    line.release()
    answer.queued.end(event)
  }

  /// Encodes and prunes the pictures, and puts the prompt together. Other answers go on between the tower's blocks.
  private func prepare(_ answer: RunningAnswer) throws(VLMError) {
    let (request, identities) = (answer.queued.request, answer.queued.identities)
    guard let question = request.turns.last?.question, question.contains(where: { !$0.isWhitespace }) else {
      throw .emptyQuestion
    }
    for turn in request.turns {
      for text in [turn.question, turn.answer ?? ""] { try model.refusePlaceholders(in: text) }
    }
    let spec = try model.spec(of: request.setting)
    let start = GenerationStart(
      number: 0, text: try model.prompt(turns: request.turns, system: request.system), question: question, turn: nil,
      pictures: request.pictures, setting: request.setting, spec: spec, options: request.options)
    let generation = try model.beginGeneration(start) { (index, timings) throws(VLMError) in
      var known = features.known(identities[index])
      let encodings = known.features.encodings
      let sent = try model.sentPicture(
        request.pictures[index], setting: request.setting, spec: spec, question: question, known: known.sent,
        features: &known.features, timings: &timings, beforeBlock: { [unowned self] in writeTokens() })
      answer.encodedPictures += known.features.encodings - encodings
      features.keep(identities[index], known, sending: sent)
      return sent
    }
    answer.generation = generation
    let prompt = generation.prompt
    answer.memory.cache.reserve(prompt.items.count + min(request.options.maxNewTokens, 256))
    guard generation.pruning == nil else { return }
    answer.codes = prefixes.codes(of: prompt, pictures: identities)
    // At least the last position runs: its logits are wanted.
    let found = prefixes.restore(
      answer.codes, positions: prompt.positions, most: prompt.items.count - 1, into: &answer.memory.cache)
    answer.cachedTokens = found
    answer.generation?.prefilled = found
  }

  /// Runs a part of the prompt; all of it where a method drops rows inside the decoder, which sees the whole.
  private func prefill(_ answer: RunningAnswer) throws(VLMError) {
    guard var generation = answer.generation else { return }
    let start = clock.now
    let (prompt, decoder, memory) = (generation.prompt, model.decoder, answer.memory)
    if var reduction = generation.pruning.map(PromptReduction.init) {
      do throws(PruningError) {
        let reduced = try decoder.prefill(
          prompt.embeddings, positions: prompt.positions, additions: prompt.additions, reducing: &reduction,
          cache: &memory.cache, workers: model.workers)
        (generation.logits, answer.shifts) = (reduced.logits, reduced.shifts)
      } catch { throw .pruning(error) }
      generation.pruning = reduction.pruning
      generation.prefilled = prompt.items.count
    } else {
      let isAlone = !answers.contains(where: \.isWriting)
      let part = answer.nextPart(generation, largest: isAlone ? Self.parts.alone : Self.parts.besideAnswers)
      let (embeddings, positions) = (prompt.embeddings.rows(part), Array(prompt.positions[part]))
      let additions = prompt.additions?.slice(part)
      if part.upperBound < prompt.items.count {
        decoder.fill(
          embeddings, positions: positions, additions: additions, cache: &memory.cache, workers: model.workers)
      } else {
        generation.logits = decoder.run(
          embeddings, positions: positions, additions: additions, isPrompt: true, cache: &memory.cache,
          workers: model.workers)
      }
      generation.prefilled = part.upperBound
    }
    generation.timings.prefill += clock.now - start
    if let logits = generation.logits { try model.checkFinite(logits) }
    answer.generation = generation
    guard answer.isWriting, !answer.codes.isEmpty else { return }
    prefixes.keep(answer.codes, positions: prompt.positions, cutAt: prompt.endOfPictures, from: memory.cache)
  }

  /// One token of every answer whose prompt has run.
  private func writeTokens() {
    let start = clock.now
    var going: [(answer: RunningAnswer, step: DecoderStep)] = []
    for answer in answers {
      guard let logits = answer.generation?.logits else { continue }
      guard !answer.queued.isCancelled else {
        end(answer, nil)
        continue
      }
      guard let (text, goesOn) = answer.generation?.write(from: logits, by: model), let generation = answer.generation
      else { continue }
      if !text.isEmpty { answer.queued.tell(.text(text)) }
      if goesOn, let token = generation.tokens.last {
        let step = DecoderStep(
          token: token, position: generation.lastPosition, shifts: answer.shifts, memory: answer.memory)
        going.append((answer, step))
      } else {
        finish(answer, generation.answer)
      }
    }
    guard !going.isEmpty else { return }
    let logits = model.decoder.step(going.map(\.step), workers: model.workers)
    let time = clock.now - start
    for ((answer, _), logits) in zip(going, logits) {
      do throws(VLMError) { try model.checkFinite(logits) } catch {
        end(answer, .failed(error))
        continue
      }
      answer.generation?.logits = logits
      answer.generation?.timings.decode += time
    }
  }

  private func finish(_ answer: RunningAnswer, _ written: Answer) {
    end(
      answer,
      .finished(
        ServedAnswer(
          record: written.record, plans: written.plans, cachedTokens: answer.cachedTokens,
          encodedPictures: answer.encodedPictures)))
  }
}
