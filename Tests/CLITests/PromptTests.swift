import Foundation
import TestSupport
import Testing

@Suite struct `Questions reach the model as they were given` {
  private let common = ["--model", classic, "--max-new-tokens", "8", "--json"]

  private func answer(_ arguments: [String], input: [UInt8]? = nil) throws -> JSONObject {
    var command = Command(["ask"] + arguments + common)
    command.input = input
    return try expectSuccess(command).json()
  }

  private func text(_ report: JSONObject) -> String? { report["answer"] as? String }

  private func promptLength(_ report: JSONObject) -> Int? { (report["tokens"] as? JSONObject)?["prompt"] as? Int }

  @Test
  func `a prompt file is the same as the question on the command line; its last line break is not asked`() throws {
    let scratch = try Scratch()
    let expected = try answer([square, "-q", "What is thïs?"])
    for content in ["What is thïs?", "What is thïs?\n"] {
      let file = try scratch.write(content, as: "question.txt")
      let found = try answer([square, "--prompt-file", file])
      #expect(text(found) == text(expected) && promptLength(found) == promptLength(expected))
    }
    let piped = try answer([square, "--prompt-file", "-"], input: Array("What is thïs?".utf8))
    #expect(text(piped) == text(expected))
  }

  @Test
  func `a raw prompt is the whole prompt`() throws {
    let expected = try answer([square, "-q", "What is this?"])
    let raw = try answer([square, "--raw-prompt", "-q", "USER: <image>\nWhat is this? ASSISTANT:"])
    #expect(text(raw) == text(expected) && promptLength(raw) == promptLength(expected))
  }

  @Test
  func `a system text stands in front`() throws {
    let plain = try #require(promptLength(try answer([square, "-q", "What is this?"])))
    let longer = try answer([square, "-q", "What is this?", "--system", "Be brief."])
    #expect(try #require(promptLength(longer)) > plain)
    let raw = try answer([square, "--raw-prompt", "-q", "Be brief. USER: <image>\nWhat is this? ASSISTANT:"])
    #expect(text(longer) == text(raw))
  }

  @Test
  func `- is an image on stdin, with the same answer as the file`() throws {
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: square)))
    let found = try answer(["-", "-q", "What is this?"], input: bytes)
    #expect(text(found) == text(try answer([square, "-q", "What is this?"])))
    #expect(((found["images"] as? [JSONObject])?.first)?["file"] as? String == "-")
  }

  @Test
  func `several images are reported in their order, each pruned alone`() throws {
    let report = try answer([square, wide, square, "-q", "Which?", "--keep", "4"])
    let images = try #require(report["images"] as? [JSONObject])
    #expect(images.map { $0["file"] as? String } == [square, wide, square])
    let tokens = try #require(report["tokens"] as? JSONObject)
    #expect(tokens["visual"] as? Int == 75 && tokens["kept"] as? Int == 12)
    let kept = images.map { (($0["views"] as? [JSONObject])?.first)?["kept"] as? [Int] }
    #expect(kept[0] == kept[2] && kept.allSatisfy { $0?.count == 4 })
  }

  @Test
  func `a question may begin with a dash, and hold any characters`() throws {
    for question in ["-1 or 1?", "--json", "日本語 🐈 \u{202E}", "a\u{0}b".replacing("\u{0}", with: "\u{1}")] {
      #expect(text(try answer([square, "-q", question])) != nil)
    }
  }

  @Test(arguments: ["tiny-classic", "tiny-full", "tiny-grouped", "tiny-layers", "tiny-sparse"])
  func `every tiny checkpoint answers`(name: String) throws {
    let report = try expectSuccess(ask("--keep", "50%", "--json", model: Fixtures.model(name).path)).json()
    #expect(text(report) != nil)
  }

  @Test
  func `a picture of one pixel answers`() throws {
    let file = Fixtures.url("golden/images/pictures/dot-1x1.png").path
    let image = try #require((try answer([file, "-q", "What?"])["images"] as? [JSONObject])?.first)
    #expect(image["size"] as? [Int] == [1, 1])
  }

  @Test(arguments: ["long-10000x3.png", "high-3x10000.png"])
  func `extreme shapes answer or are refused`(file: String) throws {
    var command = ask(image: Fixtures.url("golden/images/pictures/\(file)").path)
    command.memoryLimit = 4096
    let outcome = try command.run()
    if outcome.exitCode != 0 { expectFailure(outcome, of: command, exitCode: 1, naming: ["too large"]) }
  }
}
