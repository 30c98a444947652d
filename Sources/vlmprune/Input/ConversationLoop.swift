import Foundation
import Pruning
import VLM

/// `ask` without a question on a terminal: lines are questions, lines that begin with a slash are commands.
struct ConversationLoop: ~Copyable {
  private static let commands = "/image FILE, /keep N, /strategy SPEC, /quit"

  private let options: RunOptions
  private let question: QuestionOptions
  private let model: VisionLanguageModel
  private var setting: PruningSetting
  private var conversation: Conversation
  /// Pictures for the next question.
  private var waiting: [Picture]

  init(options: RunOptions, question: QuestionOptions, setting: PruningSetting, inputs: [PictureInput]) throws {
    let reading = try options.pictureOptions()
    try options.checkRate(inputs)
    let model = try options.loadModel()
    try options.check(setting, on: model)
    let pictures = try inputs.map { try $0.picture(for: model, options: reading, fps: options.fps) }
    // Everything that can fail comes first: a noncopyable value is initialised completely or not at all.
    self.options = options
    self.question = question
    self.model = model
    self.setting = setting
    conversation = Conversation(model: model, setting: setting, system: question.answer.system)
    waiting = pictures
  }

  mutating func start() throws {
    StandardError.write("\(model.name): ask, or \(Self.commands)\n")
    while true {
      StandardError.write("> ")
      guard let line = readLine() else {
        // The end of input leaves the cursor after the prompt.
        StandardError.write("\n")
        return
      }
      guard !line.allSatisfy(\.isWhitespace) else { continue }
      do {
        if try obey(line) { return }
      } catch {
        guard let failure = CommandFailure(explaining: error) else { throw error }
        failure.print()
      }
    }
  }

  /// - Returns: whether that was the last line.
  private mutating func obey(_ line: String) throws -> Bool {
    let words = line.split(separator: " ", maxSplits: 1).map(String.init)
    let rest = words.count > 1 ? words[1].trimmingCharacters(in: .whitespaces) : ""
    switch words[0] {
    case "/quit": return true
    case "/image":
      guard !rest.isEmpty else { throw Self.incomplete("/image", "the name of a PNG or JPEG file") }
      let reading = try options.pictureOptions()
      waiting = try PictureInput.read([rest], asVideo: false).map {
        try $0.picture(for: model, options: reading, fps: options.fps)
      }
      conversation.restart()
    case "/keep":
      guard !rest.isEmpty else { throw Self.incomplete("/keep", "a number of visual tokens, a percentage or all") }
      try change { setting in
        setting.budget = try Budget(parsing: rest)
        if !type(of: setting.strategy).prunes {
          setting.strategy = try StrategyCatalogue.standard.make(parsing: StrategyCatalogue.defaultName)
        }
      }
    case "/strategy":
      guard !rest.isEmpty else { throw Self.incomplete("/strategy", "a strategy: vlmprune strategies lists them") }
      try change { $0.strategy = try StrategyCatalogue.standard.make(parsing: rest) }
    case let word where word.hasPrefix("/"):
      throw CommandFailure.usage("there is no command \(word)", hint: Self.commands)
    default: try answer(line)
    }
    return false
  }

  private static func incomplete(_ command: String, _ needed: String) -> CommandFailure {
    .usage("\(command) alone says nothing", hint: "after \(command) comes \(needed)")
  }

  /// All or nothing: an unsuitable setting leaves the old one in place.
  private mutating func change(_ edit: (inout PruningSetting) throws -> Void) throws {
    var changed = setting
    try edit(&changed)
    try options.check(changed, on: model)
    setting = changed
    conversation.change(changed)
  }

  private mutating func answer(_ line: String) throws {
    let stream = AnswerStream()
    let answer = try conversation.ask(
      line, newPictures: waiting, options: try question.answer.generation(), onText: stream.write)
    waiting = []
    try stream.finish()
    try StandardOutput.write("\n")
    let share = Double(answer.keptTokens) / Double(max(answer.visualTokens, 1)) * 100
    StandardError.write(
      "kept \(answer.keptTokens) of \(answer.visualTokens) visual tokens (\(String(format: "%.1f", share))%)\n")
  }
}
