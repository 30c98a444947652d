import ArgumentParser
import Foundation
import Images
import Pruning
import VLM

struct AskCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ask",
    abstract: "Answer a question about images from pruned visual tokens.",
    discussion: """
      Example:
        vlmprune ask fixtures/images/scene.png -q "How many objects are there?" --strategy hiprune --keep 64

      Without -q on a terminal: a conversation (/image FILE, /keep N, /strategy SPEC, /quit).
      """)

  @Argument(help: ArgumentHelp("PNG or JPEG files; - reads one from stdin.", valueName: "image"))
  var images: [String]

  @OptionGroup var options: RunOptions
  @OptionGroup var question: QuestionOptions

  @Option(name: .long, help: ArgumentHelp("Write the image with dropped patches dimmed.", valueName: "png"))
  var overlay: String?

  func validate() throws {
    if images.count(where: { $0 == "-" }) > 1 { throw ValidationError("only one image can come from stdin") }
    if let overlay {
      for path in OverlayPictures.paths(overlay, count: images.count) {
        try OutputFile.check(path, option: "--overlay")
      }
    }
  }

  func run() throws {
    let setting = try options.pruningSetting()
    guard let text = try question.text() else {
      try requireTerminal()
      try ConversationLoop(options: options, question: question, setting: setting, images: images).start()
      return
    }
    let clock = ContinuousClock()
    let start = clock.now
    let files = try images.map { (name: $0, bytes: try InputFile.bytes($0)) }
    let model = try options.loadModel()
    try model.check(setting)
    let loaded = clock.now
    let pictures = try files.map { try model.picture($0.bytes, file: $0.name, limits: options.limits) }
    let processed = clock.now
    var conversation = Conversation(model: model, setting: setting, system: question.system)
    let answer = try conversation.ask(
      text, newPictures: pictures, rawPrompt: question.rawPrompt, options: question.generation,
      onText: options.json ? { _ in } : StandardOutput.write)
    let times = RunTimes(load: loaded - start, preprocess: processed - loaded, total: clock.now - start)
    if let overlay {
      try OverlayPictures.write(answer, of: pictures, model: model, to: overlay)
    }
    let report = AnswerReport(answer, pictures: pictures, model: model, setting: setting, times: times)
    if options.json {
      try StandardOutput.write(json: report)
    } else {
      StandardOutput.write("\n")
      StandardError.write(report.summary + "\n")
    }
  }

  private func requireTerminal() throws {
    guard isatty(STDIN_FILENO) == 1, isatty(STDOUT_FILENO) == 1, !options.json else {
      throw CommandFailure.usage(
        "no question, and no terminal to hold a conversation on", hint: "ask with -q \"…\" or --prompt-file FILE")
    }
    guard overlay == nil else {
      throw CommandFailure.usage("--overlay needs a question", hint: "ask with -q \"…\"")
    }
  }
}

/// What to ask, and how to answer.
struct QuestionOptions: ParsableArguments {
  @Option(name: [.customShort("q"), .long], help: "The question.")
  var question: String?

  @Option(name: .long, help: ArgumentHelp("Read the question from a file.", valueName: "file"))
  var promptFile: String?

  @Flag(name: .long, help: "The question is the whole prompt, <image> included.")
  var rawPrompt = false

  @Option(name: .long, help: "System text in front of the conversation.")
  var system: String?

  @Option(name: .long, help: "Most tokens of an answer.")
  var maxNewTokens: Int?

  @Option(name: .long, help: "0 takes the likeliest token; above, tokens are sampled.")
  var temperature: Double = 0

  @Option(name: .long, help: "Sample from the likeliest tokens that make up this share.")
  var topP: Double = 1

  func validate() throws {
    if question != nil, promptFile != nil { throw ValidationError("--question and --prompt-file exclude each other") }
    if let maxNewTokens, maxNewTokens < 1 {
      throw ValidationError("--max-new-tokens is \(maxNewTokens), expected at least 1")
    }
    guard temperature >= 0, temperature.isFinite else {
      throw ValidationError("--temperature is \(temperature), expected 0 or more")
    }
    guard topP > 0, topP <= 1 else { throw ValidationError("--top-p is \(topP), expected above 0 and at most 1") }
    if let question, !question.contains(where: { !$0.isWhitespace }) { throw VLMError.emptyQuestion }
    if rawPrompt, system != nil {
      throw ValidationError("--raw-prompt is the whole prompt: --system cannot be added to it")
    }
  }

  /// The question, from the command line or the file; nil when neither was given.
  func text() throws -> String? {
    guard let promptFile else { return question }
    let text = try InputFile.text(promptFile)
    // An editor ends a file with a line break that nobody meant to ask.
    return rawPrompt || !text.hasSuffix("\n") ? text : String(text.dropLast())
  }

  var generation: GenerationOptions {
    GenerationOptions(
      maxNewTokens: maxNewTokens ?? 128, sampling: SamplingOptions(temperature: temperature, topP: topP))
  }
}
