import ArgumentParser
import VLM

/// What to ask.
struct QuestionOptions: ParsableArguments {
  // The next argument is the value even if it begins with a dash: questions may, and "-1" deserves its own message.
  @Option(name: [.customShort("q"), .long], parsing: .unconditional, help: "The question.")
  var question: String?

  @Option(name: .long, help: ArgumentHelp("Read the question from a file.", valueName: "file"))
  var promptFile: String?

  @Flag(name: .long, help: "The question is the whole prompt, <image> included.")
  var rawPrompt = false

  @OptionGroup var answer: AnswerOptions

  func validate() throws {
    if question != nil, promptFile != nil { throw ValidationError("--question and --prompt-file exclude each other") }
    if rawPrompt, answer.system != nil {
      throw ValidationError("--raw-prompt is the whole prompt: --system cannot be added to it")
    }
  }

  /// Refuses a question without a word, before anything is loaded.
  func check() throws {
    if let question, question.allSatisfy(\.isWhitespace) { throw VLMError.emptyQuestion }
  }

  /// The question, from the command line or the file; nil when neither was given.
  func text() throws -> String? {
    guard let promptFile else { return question }
    let text = try InputFile.text(promptFile)
    guard !text.allSatisfy(\.isWhitespace) else { throw VLMError.emptyQuestion }
    // Editors end a file with a line break that is not part of the question.
    return rawPrompt || !text.hasSuffix("\n") ? text : String(text.dropLast())
  }
}
