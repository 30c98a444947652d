import ArgumentParser
import Foundation
import Pruning
import ViT

struct SelectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "select",
    abstract: "Run a strategy alone, on attention tensors from anywhere.",
    discussion: """
      Example:
        vlmprune inspect fixtures/images/scene.png -q "What colour is the star?" \\
          --strategy hiprune --evidence evidence.safetensors
        vlmprune select evidence.safetensors --strategy hiprune --keep 25% --json
      """)

  @Argument(help: ArgumentHelp("A safetensors file with attention maps and metadata.", valueName: "file"))
  var file: String

  @OptionGroup var options: SelectionOptions

  func run() throws {
    let budget = try options.budget()
    let strategy = try StrategyCatalogue.standard.make(parsing: options.strategy, keeping: budget)
    if strategy.inTower != nil { throw PruningError.needsTower(strategy: type(of: strategy).name) }
    if strategy.inDecoder != nil { throw PruningError.needsDecoder(strategy: type(of: strategy).name) }
    let evidenceFile = try EvidenceFile(path: file)
    let evidence = try StrategyRunner.evidence(
      for: strategy, of: evidenceFile.picture, keeping: budget)
    for warning in strategy.warnings(on: evidenceFile.tower) { StandardError.write("warning: \(warning)\n") }
    if options.verbose {
      StandardError.write(
        "\(file): \(evidenceFile.layout.views) views of \(evidenceFile.picture.grids[0]) tokens, "
          + "depth \(evidenceFile.tower.depth)\n")
    }
    let plan = try StrategyRunner.plan(
      strategy, for: try evidenceFile.image(providing: evidence),
      question: try evidenceFile.question(providing: evidence), keeping: budget, seed: options.seed)
    let report = SelectionReport(
      of: plan, strategy: try strategy.resolved(on: evidenceFile.tower))
    if options.json {
      try StandardOutput.write(json: report, envelope: options.envelope("select", report))
      return
    }
    try StandardOutput.write("\(report.strategy): \(report.keptTokens) of \(report.visualTokens) visual tokens\n")
    for view in report.views {
      try StandardOutput.write("view \(view.view): \(view.kept.map(String.init).joined(separator: " "))\n")
    }
  }
}

extension SelectionOptions {
  /// What the JSON of a selection says beside its own fields.
  fileprivate func envelope(_ command: String, _ report: SelectionReport) -> Envelope {
    Envelope(
      command,
      selection: Envelope.Selection(
        seed: seed, strategy: report.strategy,
        budget: Envelope.Budget(given: givenBudget, visualTokens: report.visualTokens, kept: Double(report.keptTokens)))
    )
  }
}
