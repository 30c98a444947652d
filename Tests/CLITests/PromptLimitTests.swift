import Foundation
import TestSupport
import Testing

@Suite struct `Prompts that do not fit are refused with what would` {
  /// Runs a prompt that is too long, and then again with the `--keep` that the hint names: that must fit.
  private func expectFitting(_ model: String, question: String, images: [String], strategy: [String] = []) throws {
    let command = Command(
      ["ask"] + images + ["--model", Fixtures.model(model).path, "-q", question, "--max-new-tokens", "2"] + strategy)
    let outcome = try expectFailure(command, naming: "tokens, but the model's context holds", "--keep")
    let numbers = try #require(outcome.errors.firstMatch(of: #/has (\d+) tokens, but the model's context holds (\d+)/#))
    #expect(try #require(Int(numbers.1)) >= #require(Int(numbers.2)))
    let keep = try #require(outcome.errors.firstMatch(of: #/--keep (\d+)/#))
    var again = command
    again.arguments += ["--keep", String(keep.1)]
    try expectSuccess(again)
    let more = try #require(Int(keep.1)) + 1
    again.arguments[again.arguments.count - 1] = "\(more)"
    try expectFailure(again, naming: "context")
  }

  @Test
  func `the hint's budget really fits, and one more does not`() throws {
    let words = { (count: Int) in String(repeating: "a ", count: count) }
    try expectFitting("tiny-classic", question: "What?", images: Array(repeating: square, count: 20))
    let few = try promptLength("tiny-classic", words(40)) - promptLength("tiny-classic", words(20))
    let one = try promptLength("tiny-classic", words(20)) - 20 * few / 20
    // So many words that the text leaves room for some, but not all, of 25 visual tokens.
    let count = (512 - one + 25 - 12) * 20 / few
    for strategy in [[], ["--strategy", "uniform"], ["--strategy", "hiprune"]] {
      try expectFitting("tiny-classic", question: words(count), images: [square], strategy: strategy)
    }
  }

  @Test
  func `a family that sends the class token counts it`() throws {
    try expectFitting("tiny-full", question: "What?", images: Array(repeating: square, count: 15))
  }

  @Test
  func `text that fills the context alone is told so`() throws {
    let question = String(repeating: "many words ", count: 2000)
    try expectFailure(ask("-q", question), naming: "context holds 512", "shorten the question")
  }

  @Test(arguments: ["What?", "<image> <image> What?"])
  func `a raw prompt holds one placeholder an image`(prompt: String) throws {
    let command = Command("ask", square, "--model", classic, "--raw-prompt", "-q", prompt)
    try expectFailure(command, naming: "for 1 image", "<image>")
  }

  private func promptLength(_ model: String, _ question: String) throws -> Int {
    var command = ask("--json", model: Fixtures.model(model).path)
    command.arguments += ["-q", question]
    let tokens = try #require(try expectSuccess(command).json()["tokens"] as? JSONObject)
    return try #require(tokens["prompt"] as? Int)
  }
}
