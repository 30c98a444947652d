import Language
import Pruning

/// What an answer is begun from.
struct GenerationStart {
  /// Which answer of its conversation this is.
  let number: Int
  /// The whole prompt, with one placeholder a picture.
  let text: String
  /// What strategies read of it.
  let question: String
  /// What joins the conversation when the answer has ended; nil if nothing does.
  let turn: Turn?
  let pictures: [Picture]
  let setting: PruningSetting
  /// The setting's strategy with every option spelled out.
  let spec: StrategySpec
  let options: GenerationOptions
  var inspection: Inspection?
}

extension VisionLanguageModel {
  /// Begins an answer: checks the prompt, has the pictures sent, and puts their rows into the prompt. The decoder does
  /// not run.
  /// - Parameter send: encodes and prunes the picture with this number.
  func beginGeneration(
    _ start: GenerationStart, send: (_ picture: Int, _ timings: inout StageTimings) throws(VLMError) -> SentPicture
  ) throws(VLMError) -> Generation {
    // The prompt is checked before anything is computed.
    let tokens = try promptTokens(start.text, pictures: start.pictures)
    var timings = StageTimings()
    var sent: [SentPicture] = []
    for index in start.pictures.indices { sent.append(try send(index, &timings)) }
    let (rows, setting) = (sent.map(\.rows), start.setting)
    let prompt = sequence(
      tokens, pictures: start.pictures, visual: rows, keys: sent.map(\.key), numbering: setting.positions)
    try checkContext(prompt, visual: rows, budgetShortens: setting.strategy.inDecoder == nil)
    let pruning = try pruning(
      of: prompt.spans, in: prompt.embeddings, positions: prompt.positions, visual: rows, setting: setting)
    start.inspection?.take(
      prompt, unpruned: unprunedTokens(tokens, pictures: start.pictures, visual: rows), visual: rows,
      showsPositions: type(of: family).numbersGrids)
    return Generation(
      number: start.number, prompt: prompt, pruning: pruning, turn: start.turn, pictures: start.pictures, sent: sent,
      options: start.options, spec: start.spec, timings: timings,
      sampler: Sampler(
        options: start.options.sampling, seed: start.options.seed ?? setting.seed, prompt: tokens),
      writer: AnswerWriter(
        stream: tokenizer.makeStreamDecoder(skipSpecialTokens: true), stops: start.options.stop))
  }

  /// Refuses logits that no answer can be written from.
  func checkFinite(_ logits: [Float]) throws(VLMError) {
    guard logits.allSatisfy({ $0.isFinite }) else { throw .notFinite(stage: "the decoder") }
  }
}
