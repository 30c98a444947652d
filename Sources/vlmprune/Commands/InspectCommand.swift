import ArgumentParser
import Checkpoint
import Foundation
import Pruning
import VLM
import ViT

struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Write every named intermediate of one answer, for research and for parity.",
    discussion: """
      Example:
        vlmprune inspect fixtures/images/scene.png -q "What colour is the star?" \\
          --tensors out.safetensors
      """)

  @Argument(
    help: ArgumentHelp("A PNG or JPEG file, - for stdin, or a video: a folder of frames or a file.", valueName: "image")
  )
  var image: String

  @OptionGroup var options: RunOptions
  @OptionGroup var question: QuestionOptions

  @Option(name: .long, help: ArgumentHelp("Write the tensors here (safetensors).", valueName: "file"))
  var tensors: String?

  @Option(
    name: .long, parsing: .unconditional,
    help: ArgumentHelp("Blocks whose attention maps are written: 8,22.", valueName: "list"))
  var layers: String?

  @Option(
    name: .long,
    help: ArgumentHelp("Write the strategy's evidence in select's format.", valueName: "file"))
  var evidence: String?

  @Option(
    name: .long, help: ArgumentHelp("Write one picture a block: attention received by each patch.", valueName: "dir"))
  var heatmap: String?

  func validate() throws {
    if image == "-", question.promptFile == "-" {
      throw ValidationError("only one of the image and the prompt can come from stdin")
    }
    if let tensors, let evidence, OutputFile.target(tensors) == OutputFile.target(evidence) {
      throw ValidationError("--tensors and --evidence name the same file")
    }
  }

  /// Checks the options before anything is read.
  private func check() throws {
    try question.check()
    if let tensors { try OutputFile.check(tensors, option: "--tensors", inputs: [image]) }
    if let evidence { try OutputFile.check(evidence, option: "--evidence", inputs: [image]) }
    if let heatmap { try OutputFolder.check(heatmap, option: "--heatmap") }
  }

  func run() throws {
    let setting = try options.pruningSetting()
    try check()
    guard let text = try question.text() else {
      throw CommandFailure.usage("no question", hint: "ask with -q \"…\" or --prompt-file FILE")
    }
    let reading = try options.pictureOptions()
    let input = try PictureInput.read([image], asVideo: false)[0]
    try options.checkRate([input])
    let model = try options.loadModel(auto: .f32, rawPrompt: question.rawPrompt)
    try options.check(setting, on: model)
    let layers = try mapLayers(of: model)
    if heatmap != nil, setting.strategy is any BeforeEncoderPruning {
      throw CommandFailure.usage(
        "\(type(of: setting.strategy).name) leaves patches out of the tower, and a heatmap shows every one",
        hint: "leave --heatmap out, or name a strategy that decides after the tower")
    }
    if heatmap != nil, setting.strategy.inTower != nil, setting.budget != .all {
      throw CommandFailure.usage(
        "\(type(of: setting.strategy).name) merges or drops rows inside the tower, and a heatmap shows every patch",
        hint: "leave --heatmap out, or name a strategy that decides after the tower")
    }
    let picture = try input.picture(for: model, options: reading, fps: options.fps)
    let dump = try EvidenceDump(setting: setting, model: model, isWanted: evidence != nil)
    var wishes = dump.wishes
    wishes.attention.formUnion(layers + (heatmap == nil ? [] : allLayers(model)))
    let inspection = Inspection(wishes)
    var generation = try question.answer.generation()
    generation.maxNewTokens = question.answer.maxNewTokens ?? 32
    var conversation = Conversation(model: model, setting: setting, system: question.answer.system)
    let answer = try conversation.ask(
      text, newPictures: [picture], rawPrompt: question.rawPrompt, options: generation, inspection: inspection)
    let written = inspection.tensors.filter { $0.isWritten(attention: layers) }
    if let tensors { try InspectionFile.write(written, answer: answer, to: OutputFile.target(tensors)) }
    if let evidence {
      try dump.write(
        inspection, picture: picture, packing: setting.packing, question: text, to: OutputFile.target(evidence))
    }
    if let heatmap {
      let description = model.family.describe(picture, packing: setting.packing)
      try HeatmapPictures.write(inspection, picture: description, to: heatmap)
    }
    if options.json {
      let envelope = try options.envelope(
        "inspect", model: model, strategy: answer.strategy.description, visualTokens: answer.visualTokens,
        kept: Double(answer.keptTokens))
      try StandardOutput.write(json: InspectionFile.Report(written, answer: answer), envelope: envelope)
    } else {
      try StandardOutput.write(TextTable.render(InspectionFile.table(written)))
      StandardError.write("answer: \(answer.text)\n")
    }
  }

  private func allLayers(_ model: VisionLanguageModel) -> [Int] { Array(0..<model.towerDescription.depth) }

  private func mapLayers(of model: VisionLanguageModel) throws -> [Int] {
    guard let layers else { return [] }
    return try layers.split(separator: ",", omittingEmptySubsequences: false).map { text in
      guard let number = Int(text.trimmingCharacters(in: .whitespaces)),
        let layer = model.towerDescription.resolve(layer: number)
      else {
        throw CommandFailure.usage(
          "--layers \(layers): \"\(text)\" is not a block of this tower",
          hint: "blocks are 0 to \(model.towerDescription.depth - 1); separate them with commas")
      }
      return layer
    }
  }
}
