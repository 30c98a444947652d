import Foundation
import Kernels
import Pruning
import TestSupport
import Testing
import VLM

@Suite
struct `README` {
  /// The example's lines, each exactly once; what follows runs them.
  private static let example = [
    #"let model = try FamilyCatalogue.load(folder: folder, name: "my model", workers: Workers(count: 2))"#,
    #"var conversation = Conversation(model: model, setting: try PruningSetting("hiprune", keep: "25%"))"#,
    #"let answer = try conversation.ask(question, newPictures: [model.picture(bytes, file: "photo.jpg")])"#,
  ]

  @Test
  func `shows the library example that runs here`() throws {
    let readme = String(decoding: try readFile(Fixtures.root.appending(path: "README.md").path), as: UTF8.self)
    for line in Self.example { #expect(readme.components(separatedBy: line).count == 2, "\(line)") }

    let folder = Fixtures.model("tiny-classic").path
    let bytes = try readFile(Fixtures.image("tiny-wide.png").path)
    let question = "What colour is the ring?"
    let model = try FamilyCatalogue.load(folder: folder, name: "my model", workers: Workers(count: 2))
    var conversation = Conversation(model: model, setting: try PruningSetting("hiprune", keep: "25%"))
    let answer = try conversation.ask(question, newPictures: [model.picture(bytes, file: "photo.jpg")])
    #expect(answer.keptTokens == 6 && answer.visualTokens == 25)
    #expect(!answer.generated.isEmpty)
  }
}
