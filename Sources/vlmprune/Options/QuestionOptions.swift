import ArgumentParser
import Language
import VLM

/// What to ask, and how to answer.
struct QuestionOptions: ParsableArguments {
  // The next argument is the value even if it begins with a dash: questions may, and "-1" deserves its own message.
  @Option(name: [.customShort("q"), .long], parsing: .unconditional, help: "The question.")
  var question: String?

  @Option(name: .long, help: ArgumentHelp("Read the question from a file.", valueName: "file"))
  var promptFile: String?

  @Flag(name: .long, help: "The question is the whole prompt, <image> included.")
  var rawPrompt = false

  @Option(name: .long, parsing: .unconditional, help: "System text in front of the conversation.")
  var system: String?

  @Option(name: .long, parsing: .unconditional, help: "Most tokens of an answer (default: 128; inspect: 32).")
  var maxNewTokens: Int?

  @Option(name: .long, parsing: .unconditional, help: "0 takes the likeliest token; above, tokens are sampled.")
  var temperature: Double = 0

  @Option(name: .long, parsing: .unconditional, help: "Sample from the likeliest tokens that make up this share.")
  var topP: Double = 1

  @Option(
    name: .long, parsing: .unconditional,
    help: "Divides the logits of tokens that were there already, as transformers does; 1 changes nothing.")
  var repetitionPenalty: Double = 1

  func validate() throws {
    if question != nil, promptFile != nil { throw ValidationError("--question and --prompt-file exclude each other") }
    if let maxNewTokens, maxNewTokens < 1 {
      throw ValidationError("--max-new-tokens is \(maxNewTokens), expected at least 1")
    }
    do { _ = try sampling() } catch { throw ValidationError("--\(error.message)") }
    if rawPrompt, system != nil {
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

  func generation() throws -> GenerationOptions {
    GenerationOptions(maxNewTokens: maxNewTokens ?? 128, sampling: try sampling())
  }

  private func sampling() throws(SamplingError) -> SamplingOptions {
    try SamplingOptions(temperature: temperature, topP: topP, repetitionPenalty: repetitionPenalty)
  }
}
