import ArgumentParser
import Basics
import Foundation
import Images
import Kernels
import Language
import Pruning
import VLM

/// What every command that prunes takes.
struct SelectionOptions: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp(
      "Pruning strategy: name or name(option=value, …); with --keep alone, \(StrategyCatalogue.defaultName).",
      valueName: "spec"))
  var strategy: String?

  // The next argument is the value even if it begins with a dash, so that "-1" gets its own message.
  @Option(
    name: .long, parsing: .unconditional,
    help: ArgumentHelp("Visual tokens to keep: N, P%, 0.x, all (the default) or adaptive.", valueName: "budget"))
  var keep: String?

  @Option(name: .long, parsing: .unconditional, help: "Seed of random choices.")
  var seed: UInt64 = 0

  @Flag(name: .long, help: "Print one JSON object on stdout.")
  var json = false

  @Flag(name: .long, help: "Say more on stderr.")
  var verbose = false

  /// `--keep` as it was given, or what its absence means: everything, or the number that the strategy itself finds.
  var givenBudget: String { keep ?? StrategyCatalogue.standard.budgetOfItsOwn(parsing: strategy).description }

  func budget() throws -> Budget { try Budget(parsing: givenBudget) }
}

/// What every command that runs a model takes.
struct RunOptions: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp(
      "A Hugging Face checkpoint folder, or a name in the local cache; the bundled model when left out.",
      valueName: "dir|name"))
  var model: String?

  @OptionGroup var selection: SelectionOptions

  @OptionGroup var compute: ComputeArguments

  @Option(
    name: .long,
    help: ArgumentHelp(
      "How prompts are written: \(TemplateCatalogue.names.joined(separator: ", ")). The checkpoint's own by default.",
      valueName: "name"))
  var template: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "A CLIP checkpoint whose text tower reads the question, for cdpruner and trim.", valueName: "dir"))
  var textTower: String?

  @Option(name: .long, help: "Position ids after pruning: family (renumbered) or original.")
  var positions: PositionChoice = .family

  @Option(
    name: .long,
    help: ArgumentHelp("Crops of each picture, rows and columns; its shape decides when left out.", valueName: "RxC"))
  var grid: String?

  @Option(name: .long, help: "How views are sent after pruning: spatial, or unpadded with newlines.")
  var packing: PackingChoice = .spatial

  @Option(name: .long, parsing: .unconditional, help: "Threads; all cores when left out.")
  var threads: Int?

  @Option(name: .long, parsing: .unconditional, help: "Largest picture, in pixels.")
  var maxPixels: Int = 100_000_000

  @Option(
    name: .long, parsing: .unconditional,
    help: ArgumentHelp(
      "Read pictures, and videos, so small that they have at most N visual tokens (Qwen-VL).", valueName: "n"))
  var maxVisualTokens: Int?

  @Option(
    name: .long, parsing: .unconditional,
    help: ArgumentHelp("Frames a second of videos that are given as frames; 2 when left out.", valueName: "rate"))
  var fps: Double?

  func validate() throws {
    if let threads, !(1...4096).contains(threads) {
      throw ValidationError("--threads is \(threads), expected 1 to 4096")
    }
    guard (1...(1 << 31)).contains(maxPixels) else {
      throw ValidationError("--max-pixels is \(maxPixels), expected 1 to \(1 << 31)")
    }
    if let maxVisualTokens, !(1...(1 << 24)).contains(maxVisualTokens) {
      throw ValidationError("--max-visual-tokens is \(maxVisualTokens), expected 1 to \(1 << 24)")
    }
    if let fps, !(fps >= 0.001 && fps <= 1000) {
      throw ValidationError("--fps is \(fps), expected 0.001 to 1000")
    }
  }

  var json: Bool { selection.json }
  var verbose: Bool { selection.verbose }
  var workers: Workers { Workers(count: threads ?? Self.allCores) }
  static var allCores: Int { ProcessInfo.processInfo.activeProcessorCount }

  /// Strategy and budget, read before anything is loaded.
  func pruningSetting() throws -> PruningSetting { try pruningSetting(budget: try selection.budget()) }

  /// The same with another budget.
  func pruningSetting(budget: Budget) throws -> PruningSetting {
    let strategy = try StrategyCatalogue.standard.make(parsing: selection.strategy, keeping: budget)
    return PruningSetting(
      strategy: strategy, budget: budget, positions: positions == .original ? .original : .renumbered,
      seed: selection.seed, packing: packing == .unpadded ? .unpadded : .spatial)
  }

  /// How pictures are read.
  func pictureOptions() throws -> PictureOptions {
    PictureOptions(
      limits: ImageLimits(maxPixels: maxPixels), grid: try cropGrid(), maxVisualTokens: maxVisualTokens)
  }

  /// `--grid`, bounded as checkpoints' own grids are.
  func cropGrid() throws -> Grid? {
    guard let grid else { return nil }
    let most = AnyResolutionProcessor.mostCrops
    guard let parsed = Grid(parsing: grid), parsed.count <= most else {
      throw CommandFailure.usage(
        "--grid \(grid) is not a grid of crops", hint: "give rows and columns of at most \(most) crops, such as 2x2")
    }
    return parsed
  }

  /// Refuses `--fps` where no picture is a video.
  func checkRate(_ inputs: [PictureInput]) throws {
    guard let fps, !inputs.contains(where: \.isVideo) else { return }
    throw CommandFailure.usage(
      "--fps \(fps) is given, but no video", hint: "name a folder of frames, or say with --video that files are frames")
  }

  /// Loads the model, and reports it if asked to.
  /// - Parameters:
  ///   - auto: what `--precision auto` means; nil: the fastest that keeps answers.
  ///   - rawPrompt: whether every prompt is given in full, so that no template is needed.
  func loadModel(auto: Precision? = nil, rawPrompt: Bool = false) throws -> VisionLanguageModel {
    for note in [ThreadVariables.note(threads: workers.count), ThreadVariables.bindingNote()].compactMap({ $0 }) {
      StandardError.write("note: \(note)\n")
    }
    let place = try ModelLocator.locate(model)
    let model = try load(place, auto: auto, rawPrompt: rawPrompt)
    // The choice of `auto` is reported unless it is plain f32.
    if verbose || (compute.precision == .auto && model.compute.precision != "f32") {
      StandardError.write(
        "\(model.name): \(model.familyName), \(Self.visualTokens(of: model)), \(workers.count) threads, "
          + "\(model.compute.precision) (\(model.compute.backEnd.rawValue))\n")
    }
    if verbose, let template = model.template {
      StandardError.write("\(model.name): prompts as \(template.template.name) (\(template.origin))\n")
    }
    if self.model == nil, !json { StandardError.write("note: \(ModelLocator.bundledNote)\n") }
    for note in model.notes { StandardError.write("note: \(note)\n") }
    return model
  }

  private func load(
    _ place: (folder: String, name: String), auto: Precision?, rawPrompt: Bool
  ) throws -> VisionLanguageModel {
    let display = PackingDisplay(isQuiet: json && !verbose)
    defer { display.finish() }
    var model = try FamilyCatalogue.load(
      folder: place.folder, name: place.name, workers: workers, compute: compute.options(auto: auto, display: display),
      template: rawPrompt ? .none : template.map { .named($0) } ?? .recognised)
    model.textTower = try textTower.map { try TextTower(folder: $0) }
    return model
  }

  /// Refuses a setting that does not work on the model, and warns about what to know before trusting one that does.
  func check(_ setting: PruningSetting, on model: VisionLanguageModel) throws {
    try check([setting], on: model)
  }

  /// The same for several settings; equal warnings are printed once.
  func check(_ settings: [PruningSetting], on model: VisionLanguageModel) throws {
    let reading = try pictureOptions()
    for setting in settings { try model.check(setting, options: reading) }
    var said: Set<String> = []
    for warning in settings.flatMap(model.warnings(about:)) where said.insert(warning).inserted {
      StandardError.write("warning: \(warning)\n")
    }
  }

  /// What the JSON of a command that ran `model` says beside its own fields.
  /// - Parameters:
  ///   - strategy: the canonical spec; nil where the result's rows have one each.
  ///   - visualTokens: of the unpruned picture.
  ///   - kept: nil where the result's rows have one each.
  ///   - given: the budgets where `--keep` was left out and does not mean everything.
  func envelope(
    _ command: String, model: VisionLanguageModel, strategy: String? = nil, visualTokens: Int? = nil,
    kept: Double? = nil, given: String? = nil
  ) throws -> Envelope {
    Envelope(
      command, model: try Envelope.Model(model, folder: try ModelLocator.locate(self.model).folder),
      selection: Envelope.Selection(
        seed: selection.seed, strategy: strategy,
        budget: Envelope.Budget(given: given ?? selection.givenBudget, visualTokens: visualTokens, kept: kept)))
  }

  private static func visualTokens(of model: VisionLanguageModel) -> String {
    guard let largest = model.family.largestPicture(of: .image, grid: nil) else { return "any number of visual tokens" }
    return "\(largest.layout == .single ? "" : "up to ")\(largest.visualTokens) visual tokens"
  }
}

enum PackingChoice: String, ExpressibleByArgument, CaseIterable {
  case spatial, unpadded
}

enum PositionChoice: String, ExpressibleByArgument, CaseIterable {
  case family, original
}
