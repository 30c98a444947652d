import Foundation
import Pruning
import VLM

/// `ask` without a question on a terminal: lines are questions, lines that begin with a slash are commands.
struct ConversationLoop {
  let options: RunOptions
  let question: QuestionOptions
  let setting: PruningSetting
  let images: [String]

  func start() throws {
    let model = try options.loadModel()
    try model.check(setting)
    var setting = setting
    var conversation = Conversation(model: model, setting: setting, system: question.system)
    var waiting = try images.map { try picture($0, model) }
    StandardError.write("\(model.name) — /image FILE, /keep N, /strategy SPEC, /quit\n")
    while true {
      StandardError.write("> ")
      guard let line = readLine() else { return }
      let words = line.split(separator: " ", maxSplits: 1)
      do {
        switch words.first {
        case nil: continue
        case "/quit": return
        case "/image":
          waiting = [try picture(words.count > 1 ? String(words[1]) : "", model)]
          conversation.restart()
        case "/keep":
          setting.budget = try Budget(parsing: words.count > 1 ? String(words[1]) : "")
          if type(of: setting.strategy).name == "none" {
            setting.strategy = try StrategyCatalogue.make(parsing: "hiprune")
          }
          try model.check(setting)
          conversation.change(setting)
        case "/strategy":
          setting.strategy = try StrategyCatalogue.make(parsing: words.count > 1 ? String(words[1]) : "")
          try model.check(setting)
          conversation.change(setting)
        case let word? where word.hasPrefix("/"):
          StandardError.write("error: there is no command \(word)\nhint: /image FILE, /keep N, /strategy SPEC, /quit\n")
        default:
          try answer(line, &conversation, &waiting)
        }
      } catch {
        guard let failure = CommandFailure(explaining: error) else { throw error }
        failure.print()
      }
    }
  }

  private func picture(_ path: String, _ model: VisionLanguageModel) throws -> Picture {
    try model.picture(try InputFile.bytes(path), file: path, limits: options.limits)
  }

  private func answer(_ line: String, _ conversation: inout Conversation, _ waiting: inout [Picture]) throws {
    let answer = try conversation.ask(
      line, newPictures: waiting, options: question.generation, onText: StandardOutput.write)
    waiting = []
    StandardOutput.write("\n")
    let share = Double(answer.keptTokens) / Double(max(answer.visualTokens, 1)) * 100
    StandardError.write(
      "kept \(answer.keptTokens) of \(answer.visualTokens) visual tokens (\(String(format: "%.1f", share))%)\n")
  }
}
