import ArgumentParser
import Foundation
import Images
import Language
import Pruning
import VLM

struct AskCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ask",
    abstract: "Answer a question about images from pruned visual tokens.",
    discussion: """
      Example:
        vlmprune ask fixtures/images/scene.png -q "What colour is the star?" \\
          --strategy hiprune --keep 64

      Without -q on a terminal: a conversation (/image FILE, /keep N, /strategy SPEC, /quit).
      """)

  @Argument(
    help: ArgumentHelp(
      "PNG or JPEG files; - reads one from stdin. A folder of frames or a video file is one video.",
      valueName: "image"))
  var images: [String]

  @Flag(name: .long, help: "The images are frames of one video, in order.")
  var video = false

  @OptionGroup var options: RunOptions
  @OptionGroup var question: QuestionOptions

  @Option(name: .long, help: ArgumentHelp("Write the image with dropped patches dimmed.", valueName: "png"))
  var overlay: String?

  func validate() throws {
    if images.count(where: { $0 == "-" }) > 1 { throw ValidationError("only one image can come from stdin") }
    if images.contains("-"), question.promptFile == "-" {
      throw ValidationError("only one of the image and the prompt can come from stdin")
    }
  }

  /// Checks the options before anything is read.
  private func check() throws {
    try question.check()
    guard let overlay else { return }
    try OverlayPictures.checkFormat(of: overlay)
    for path in OverlayPictures.paths(overlay, count: video ? 1 : images.count) {
      try OutputFile.check(path, option: "--overlay", inputs: images)
    }
  }

  func run() throws {
    let setting = try options.pruningSetting()
    try check()
    guard let text = try question.text() else {
      try requireTerminal()
      let inputs = try PictureInput.read(images, asVideo: video)
      var loop = try ConversationLoop(options: options, question: question, setting: setting, inputs: inputs)
      try loop.start()
      return
    }
    let clock = ContinuousClock()
    let start = clock.now
    let reading = try options.pictureOptions()
    let inputs = try PictureInput.read(images, asVideo: video)
    try options.checkRate(inputs)
    let model = try options.loadModel(rawPrompt: question.rawPrompt)
    try options.check(setting, on: model)
    let loaded = clock.now
    let pictures = try inputs.map { try $0.picture(for: model, options: reading, fps: options.fps) }
    let processed = clock.now
    let stream = AnswerStream()
    var conversation = Conversation(model: model, setting: setting, system: question.answer.system)
    let answer = try conversation.ask(
      text, newPictures: pictures, rawPrompt: question.rawPrompt, options: try question.answer.generation(),
      onText: options.json ? { _ in } : stream.write)
    try stream.finish()
    let times = RunTimes(load: loaded - start, preprocess: processed - loaded, total: clock.now - start)
    if let overlay {
      try OverlayPictures.write(answer, of: pictures, model: model, to: overlay)
    }
    let report = AnswerReport(answer, pictures: pictures, model: model, setting: setting, times: times)
    if options.json {
      let envelope = try options.envelope(
        "ask", model: model, strategy: report.strategy, visualTokens: report.tokens.visual,
        kept: Double(report.tokens.kept))
      try StandardOutput.write(json: report, envelope: envelope)
    } else {
      try StandardOutput.write("\n")
      StandardError.write(report.summary + "\n")
      if let note = BudgetNote.line(on: answer, setting: setting) { StandardError.write("note: \(note)\n") }
    }
  }

  private func requireTerminal() throws {
    guard isatty(STDIN_FILENO) == 1, isatty(STDOUT_FILENO) == 1, !options.json else {
      throw CommandFailure.usage(
        "no question, and no terminal to hold a conversation on", hint: "ask with -q \"…\" or --prompt-file FILE")
    }
    guard !images.contains("-") else {
      throw CommandFailure.usage("a conversation cannot read its image from stdin", hint: "name an image file")
    }
    guard !question.rawPrompt else {
      throw CommandFailure.usage("--raw-prompt needs a question", hint: "ask with -q \"…\"")
    }
    guard overlay == nil else {
      throw CommandFailure.usage("--overlay needs a question", hint: "ask with -q \"…\"")
    }
  }
}
