import ArgumentParser
import Language
import VLM

/// How questions are answered, for every command that takes them one by one.
struct AnswerOptions: ParsableArguments {
  // The next argument is the value even if it begins with a dash, so that "-1" gets its own message.
  @Option(name: .long, parsing: .unconditional, help: "System text before the conversation.")
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
    if let maxNewTokens, maxNewTokens < 1 {
      throw ValidationError("--max-new-tokens is \(maxNewTokens), expected at least 1")
    }
    do { _ = try sampling() } catch { throw ValidationError("--\(error.message)") }
  }

  func generation() throws -> GenerationOptions {
    GenerationOptions(maxNewTokens: maxNewTokens ?? 128, sampling: try sampling())
  }

  private func sampling() throws(SamplingError) -> SamplingOptions {
    try SamplingOptions(temperature: temperature, topP: topP, repetitionPenalty: repetitionPenalty)
  }
}
