import Language
import Pruning
import VLM

/// The model that a server answers with, and what requests leave out.
public struct ServedModel: Sendable {
  /// Its name for clients, which holds no path.
  public let id: String
  public let model: VisionLanguageModel
  public let service: any AnswerService
  /// The strategy as it was given; nil where none was.
  public let strategy: String?
  /// The budget as it was given; nil where none was.
  public let keep: String?
  public let setting: PruningSetting
  public let reading: PictureOptions
  public let generation: GenerationOptions
  public let system: String?

  public init(
    id: String, model: VisionLanguageModel, service: any AnswerService, strategy: String?, keep: String?,
    setting: PruningSetting, reading: PictureOptions, generation: GenerationOptions, system: String?
  ) {
    self.id = id
    self.model = model
    self.service = service
    self.strategy = strategy
    self.keep = keep
    self.setting = setting
    self.reading = reading
    self.generation = generation
    self.system = system
  }

  /// Refuses a request for another model, so that no table is made with a model that it does not name.
  func check(name: String?) throws(RequestError) {
    guard let name, name != id else { return }
    throw RequestError(
      "there is no model \"\(RequestError.excerpt(name))\" here", hint: "leave model out, or write \"\(id)\"",
      parameter: "model", code: "model_not_found", status: 404)
  }

  /// How a request wants its pictures pruned.
  func setting(for request: ChatRequest) throws(RequestError) -> PruningSetting {
    var setting = setting
    let wishedKeep = request.keep ?? request.detail.keep
    if request.strategy != nil || wishedKeep != nil {
      let name = request.strategy ?? strategy
      setting.budget = try Self.pruning("prune.keep") { () throws(PruningError) in
        if let text = wishedKeep ?? keep { return try Budget(parsing: text) }
        return StrategyCatalogue.standard.budgetOfItsOwn(parsing: name)
      }
      // Who asks for no pruning need not say that everything is kept.
      if wishedKeep == nil, request.strategy == "none" { setting.budget = .all }
      let budget = setting.budget
      setting.strategy = try Self.pruning("prune.strategy") { () throws(PruningError) in
        try StrategyCatalogue.standard.make(parsing: name, keeping: budget)
      }
    }
    setting.seed = request.seed ?? setting.seed
    do { try model.check(setting, options: reading) } catch { throw RequestError(refusing: error) }
    return setting
  }

  func options(for request: ChatRequest) throws(RequestError) -> GenerationOptions {
    var options = generation
    options.maxNewTokens = request.maxNewTokens ?? options.maxNewTokens
    options.stop = request.stop
    do {
      options.sampling = try SamplingOptions(
        temperature: request.temperature ?? options.sampling.temperature, topP: request.topP ?? options.sampling.topP,
        repetitionPenalty: options.sampling.repetitionPenalty)
    } catch { throw RequestError(error.message, hint: error.hint) }
    // Who names no seed gets another answer each time that tokens are drawn.
    if request.seed == nil, options.sampling.temperature > 0 { options.seed = UInt64.random(in: .min ... .max) }
    return options
  }

  private static func pruning<Result>(
    _ parameter: String, _ body: () throws(PruningError) -> Result
  ) throws(RequestError) -> Result {
    do { return try body() } catch { throw RequestError(refusing: error, parameter: parameter) }
  }
}
