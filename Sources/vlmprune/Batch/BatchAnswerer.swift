import Basics
import Images
import Language
import Pruning
import VLM

/// What lines leave out, and what is one for all of them.
struct BatchDefaults {
  let options: RunOptions
  let setting: PruningSetting
  let reading: PictureOptions
  let system: String?
  let generation: GenerationOptions
}

/// An answer to one line.
struct BatchAnswer {
  let record: AnswerRecord
  /// Reading and decoding of the pictures.
  let preprocess: Duration
  let total: Duration
}

/// Answers one request after another. The next one about the same pictures shares their encoding, and the part of the
/// prompt that is the same.
struct BatchAnswerer: ~Copyable {
  private let model: VisionLanguageModel
  private let defaults: BatchDefaults
  private var conversation: Conversation
  /// What the conversation is about; nil where the next request starts another.
  private var held: Held?
  private var saidWarnings: Set<String> = []

  private struct Held {
    /// Nil where it cannot be told whether they are the same.
    let identity: [[String]]?
    let system: String?
    let pictures: [Picture]
    /// Whether the pictures belong to the conversation already: they do when a question about them was answered.
    var isAsked = false
  }

  init(model: VisionLanguageModel, defaults: BatchDefaults) {
    self.model = model
    self.defaults = defaults
    conversation = Conversation(model: model, setting: defaults.setting, system: defaults.system)
  }

  /// - Returns: nil if a signal asked for an end before the answer was complete.
  mutating func answer(_ request: BatchRequest) throws -> BatchAnswer? {
    let clock = ContinuousClock()
    let start = clock.now
    try checkModel(request.model)
    let setting = try setting(for: request)
    try model.check(setting, options: defaults.reading)
    for warning in model.warnings(about: setting) where saidWarnings.insert(warning).inserted {
      StandardError.write("warning: \(warning)\n")
    }
    try turn(to: request, setting: setting)
    let loaded = clock.now
    conversation.change(setting)
    conversation.forgetTurns()
    let pictures = held.map { $0.isAsked ? [] : $0.pictures } ?? []
    var generation = try conversation.begin(
      request.question, newPictures: pictures, options: try generationOptions(for: request))
    while try conversation.next(&generation) != nil { if StopRequest.hasCome { return nil } }
    held?.isAsked = true
    return BatchAnswer(
      record: generation.answer.record, preprocess: loaded - start, total: clock.now - start)
  }

  /// Refuses a line that names another model, so that no table is made with a model that it does not name.
  private func checkModel(_ name: String?) throws(RequestError) {
    let own = [model.name, model.name.split(separator: "/").last.map(String.init)]
    guard let name, !own.contains(name) else { return }
    throw RequestError(
      "there is no model \"\(RequestError.excerpt(name))\" here", hint: "leave model out, or write \"\(model.name)\"",
      parameter: "model", code: "model_not_found", status: 404)
  }

  private func setting(for request: BatchRequest) throws(PruningError) -> PruningSetting {
    var setting = defaults.setting
    if request.strategy != nil || request.keep != nil {
      setting.budget =
        try request.keep.map { (text) throws(PruningError) in try Budget(parsing: text) }
        ?? setting.budget
      setting.strategy = try StrategyCatalogue.standard.make(
        parsing: request.strategy ?? defaults.options.selection.strategy, keeping: setting.budget)
    }
    setting.seed = request.seed ?? setting.seed
    return setting
  }

  private func generationOptions(for request: BatchRequest) throws(RequestError) -> GenerationOptions {
    var options = defaults.generation
    options.maxNewTokens = request.maxNewTokens ?? options.maxNewTokens
    options.stop = request.stop
    guard request.temperature != nil || request.topP != nil else { return options }
    do {
      options.sampling = try SamplingOptions(
        temperature: request.temperature ?? options.sampling.temperature, topP: request.topP ?? options.sampling.topP,
        repetitionPenalty: options.sampling.repetitionPenalty)
    } catch { throw RequestError(error.message, hint: error.hint) }
    return options
  }

  /// Goes on with the conversation about the request's pictures, or starts one.
  private mutating func turn(to request: BatchRequest, setting: PruningSetting) throws {
    let known = request.images.map(\.identity)
    // What may be another picture next time is read each time.
    let identity = known.contains(nil) ? nil : known.compactMap { $0 }
    let system = request.system ?? defaults.system
    if let held, identity != nil, held.identity == identity, held.system == system { return }
    held = nil
    let pictures = try request.images.map {
      try $0.read().picture(for: model, options: defaults.reading, fps: defaults.options.fps)
    }
    conversation = Conversation(model: model, setting: setting, system: system)
    held = Held(identity: identity, system: system, pictures: pictures)
  }
}
