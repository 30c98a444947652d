import ArgumentParser
import Basics
import VLM

struct ModelsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "models",
    abstract: "List the model families, and the bundled model.",
    discussion: """
      Example:
        vlmprune models --json
      """)

  @Flag(name: .long, help: "Print one JSON object on stdout.")
  var json = false

  private struct Family: Encodable {
    let name: String
    let summary: String
  }

  private struct Bundled: Encodable {
    let name: String
    let folder: String
  }

  private struct Report: Encodable {
    let families: [Family]
    let bundled: Nullable<Bundled>
  }

  func run() throws {
    let families = FamilyCatalogue.all.map { Family(name: $0.modelType, summary: $0.summary) }
    let bundled = ModelLocator.bundledFolder().map { Bundled(name: ModelLocator.bundledName, folder: $0) }
    if json {
      try StandardOutput.write(
        json: Report(families: families, bundled: Nullable(bundled)), envelope: Envelope("models"))
      return
    }
    let place = bundled.map { "\($0.name) in \($0.folder)" } ?? "not installed"
    try StandardOutput.write(
      TextTable.render(families.map { [$0.name, $0.summary] } + [["(bundled)", place]]))
  }
}
