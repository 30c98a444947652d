import ArgumentParser
import Foundation

/// The root of the command line.
struct VLMPrune: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "vlmprune",
    abstract: "Ask vision-language models about images, and spend less on it: training-free visual token pruning.",
    discussion: """
      Example:
        vlmprune ask photo.jpg -q "What colour is the ring?" --strategy hiprune --keep 64 --overlay kept.png
      """,
    version: BuildInformation.text,
    subcommands: [
      AskCommand.self, SelectCommand.self, InspectCommand.self, EvalCommand.self, StrategiesCommand.self,
      ModelsCommand.self, DoctorCommand.self,
    ])
}

/// The entry point. ArgumentParser would exit with 64 on a usage error and print its own kind of message; here every failure
/// is one `error:` line and one `hint:` line on stderr, exit code 2 for a usage error and 1 for everything else.
@main
enum Main {
  static func main() {
    // A reader that goes away (`vlmprune … | head`) ends the process quietly, as it does every other tool.
    signal(SIGPIPE, SIG_DFL)
    do {
      var command = try VLMPrune.parseAsRoot()
      try command.run()
    } catch {
      exit(report(error))
    }
  }

  private static func report(_ error: any Error) -> Int32 {
    if let failure = CommandFailure(explaining: error) {
      failure.print()
      return failure.exitCode
    }
    guard VLMPrune.exitCode(for: error) != .success else {
      // --help and --version are results.
      print(VLMPrune.fullMessage(for: error))
      return 0
    }
    let message = VLMPrune.message(for: error).split(separator: "\n").joined(separator: " ")
    CommandFailure(message: message, hint: "see '\(helpCommand(for: error))'", exitCode: 2).print()
    return 2
  }

  /// The help of the subcommand that was tried, if there is one.
  private static func helpCommand(for error: any Error) -> String {
    let names = VLMPrune.configuration.subcommands.compactMap { $0.configuration.commandName }
    let tried = CommandLine.arguments.dropFirst().first { names.contains($0) }
    return "vlmprune \(tried.map { "\($0) " } ?? "")--help"
  }
}
