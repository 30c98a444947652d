import Foundation
import TestSupport

/// How a run of the binary ended, and what it wrote.
struct Outcome {
  let output: [UInt8]
  let errors: String
  /// Nil when a signal ended it.
  let exitCode: Int32?
  /// Nil when it exited by itself.
  let signal: Int32?
  /// Whether the harness had to end it.
  let isTimedOut: Bool

  var text: String { String(decoding: output, as: UTF8.self) }

  /// The lines of stderr.
  var errorLines: [String] { errors.split(separator: "\n").map(String.init) }
}

/// One run of the built binary: no inherited environment, no locale, no terminal.
struct Command {
  var arguments: [String]
  /// Nil: /dev/null.
  var input: [UInt8]?
  var environment: [String: String] = [:]
  var folder = Fixtures.root.path
  var timeLimit = 60.0
  /// Address space in MiB; nil: unlimited. OpenBLAS alone reserves some hundreds.
  var memoryLimit: Int?
  /// A line as people type it, in place of arguments; the binary is `"$0"`.
  var line: String?

  init(_ arguments: String...) { self.arguments = arguments }
  init(_ arguments: [String]) { self.arguments = arguments }

  /// The executable, beside the test bundle in whatever configuration it was built.
  static let binary: String = {
    let bundle = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    return URL(fileURLWithPath: bundle).deletingLastPathComponent().appending(path: "vlmprune").path
  }()

  /// Runs to the end, or to the time limit.
  /// - Parameter output: a path that stdout is written to instead of being captured.
  func run(output: String? = nil) throws -> Outcome {
    let scratch = try Scratch()
    let input = try self.input.map { try scratch.write($0, as: "in") } ?? "/dev/null"
    let captured = output ?? scratch.path("out")
    let errors = scratch.path("err")
    let child = try ChildProcess(
      command, environment: completeEnvironment(home: scratch.folder), input: .file(input),
      output: .file(captured), errors: errors)
    let end = child.wait(seconds: timeLimit)
    return Outcome(
      output: output == nil ? [UInt8](try Data(contentsOf: URL(fileURLWithPath: captured))) : [],
      errors: String(decoding: try Data(contentsOf: URL(fileURLWithPath: errors)), as: UTF8.self),
      exitCode: end.exitCode, signal: end.signal, isTimedOut: end.isTimedOut)
  }

  /// The program and its arguments. The shell changes the folder and sets the limit, then it makes way.
  var command: [String] {
    let limit = memoryLimit.map { "ulimit -v \($0 * 1024) && " } ?? ""
    let run = line.map { "eval '\($0.replacing("'", with: "'\\''"))'" } ?? "exec \"$0\" \"$@\""
    return ["/bin/sh", "-c", "cd \"$1\" && shift && \(limit)\(run)", Self.binary, folder] + arguments
  }

  func completeEnvironment(home: String) -> [String: String] {
    ["PATH": "/usr/bin:/bin", "HOME": home].merging(environment) { $1 }
  }
}
