import ArgumentParser
import Foundation
import Kernels

/// The root of the command line.
struct VLMPrune: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "vlmprune",
    abstract: "Ask vision-language models about images, and spend less on it: training-free visual token pruning.",
    discussion: """
      Example:
        vlmprune ask fixtures/images/scene.png -q "What colour is the star?" \\
          --strategy hiprune --keep 25% --overlay kept.png
      """,
    version: BuildInformation.text,
    subcommands: [
      AskCommand.self, SelectCommand.self, InspectCommand.self, EvalCommand.self, SweepCommand.self, MergeCommand.self,
      StatisticsCommand.self, ReportCommand.self, ScoreCommand.self, BatchCommand.self, ServeCommand.self,
      BenchCommand.self, PackCommand.self, StrategiesCommand.self, ModelsCommand.self, DoctorCommand.self,
    ])
}

/// The entry point. ArgumentParser would exit with 64 on a usage error and print its own kind of message; here every
/// failure is one `error:` line and one `hint:` line on stderr, exit code 2 for a usage error and 1 for everything
/// else.
@main
enum Main {
  static func main() {
    // A reader that closes its end (`vlmprune … | head`) ends the process quietly, as with every other tool.
    signal(SIGPIPE, SIG_DFL)
    // A limit on the size of files is an error of the write, not the end of the process.
    signal(SIGXFSZ, SIG_IGN)
    ProcessMemory.keepFreed()
    do {
      var command: any ParsableCommand
      do { command = try VLMPrune.parseAsRoot() } catch { throw Self.parsing(error) }
      try Self.checkInstructionSet()
      try command.run()
    } catch {
      exit(report(error))
    }
  }

  private static func checkInstructionSet() throws {
    guard let requested = InstructionSet.requested, InstructionSet(rawValue: requested) == nil else { return }
    throw CommandFailure.usage(
      "\(InstructionSet.variable) is \"\(requested)\"",
      hint: "it is one of \(InstructionSet.allCases.map(\.rawValue).joined(separator: ", ")), or unset")
  }

  /// What parsing throws: help and version are passed on, everything else is a usage error.
  private static func parsing(_ error: any Error) -> any Error {
    guard VLMPrune.exitCode(for: error) != .success else { return error }
    let message = VLMPrune.message(for: error)
    return CommandFailure.usage(firstWord().flatMap(unknownCommand) ?? message, hint: "see '\(helpCommand())'")
  }

  private static func report(_ error: any Error) -> Int32 {
    do {
      if CommandFailure(explaining: error) == nil, VLMPrune.exitCode(for: error) == .success {
        // --help and --version are results.
        try StandardOutput.write(VLMPrune.fullMessage(for: error) + "\n")
        return 0
      }
      throw error
    } catch {
      let failure =
        CommandFailure(explaining: error)
        ?? CommandFailure(message: "\(error)", hint: "this is a fault of vlmprune: please report it with the command")
      failure.print(asJSON: asksForJSON(CommandLine.arguments), command: triedCommand())
      return failure.exitCode
    }
  }

  private static var commandNames: [String] {
    VLMPrune.configuration.subcommands.compactMap { $0.configuration.commandName }
  }

  /// The first argument that is not an option: what is given where a command should be.
  private static func firstWord() -> String? { CommandLine.arguments.dropFirst().first { !$0.hasPrefix("-") } }

  private static func unknownCommand(_ word: String) -> String? {
    guard CommandLine.arguments[1] == word, !commandNames.contains(word), word != "help" else { return nil }
    return "there is no command \"\(word)\": the commands are \(commandNames.joined(separator: ", "))"
  }

  /// The help of the subcommand that was tried, if there is one.
  private static func helpCommand() -> String {
    "vlmprune \(triedCommand().map { "\($0) " } ?? "")--help"
  }

  private static func triedCommand() -> String? {
    CommandLine.arguments.dropFirst().first { commandNames.contains($0) }
  }

  /// Whether `--json` is among the arguments, or sweep's `--format json`, whatever else is wrong with them: not after
  /// "--", and not as the text of a question.
  static func asksForJSON(_ arguments: [String]) -> Bool {
    let options = arguments.prefix { $0 != "--" }
    return zip([""] + options, options).contains { before, argument in
      guard !["-q", "--question", "--system"].contains(before) else { return false }
      return argument == "--json" || argument == "--format=json" || (before == "--format" && argument == "json")
    }
  }
}
