import Foundation

/// A child process over `posix_spawn`. Foundation's `Process` needs a run loop and cannot hand over a terminal.
final class ChildProcess {
  enum Stream {
    case file(String)
    case descriptor(Int32)
  }

  struct End {
    let exitCode: Int32?
    let signal: Int32?
    let isTimedOut: Bool
  }

  private struct SpawnFailure: Error {
    let program: String
    let reason: String
  }

  private let process: pid_t

  init(
    _ command: [String], environment: [String: String], input: Stream, output: Stream, errors: String
  ) throws {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    Self.connect(&actions, input, to: STDIN_FILENO, flags: O_RDONLY)
    Self.connect(&actions, output, to: STDOUT_FILENO, flags: O_WRONLY | O_CREAT)
    Self.connect(&actions, .file(errors), to: STDERR_FILENO, flags: O_WRONLY | O_CREAT)
    var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
    var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for pointer in arguments + variables { free(pointer) } }
    var process: pid_t = 0
    // Threads of the test runner block signals, and a child would inherit that.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    let status = posix_spawn(&process, command[0], &actions, &attributes, &arguments, &variables)
    guard status == 0 else { throw SpawnFailure(program: command[0], reason: String(cString: strerror(status))) }
    self.process = process
  }

  private static func connect(
    _ actions: inout posix_spawn_file_actions_t, _ stream: Stream, to descriptor: Int32, flags: Int32
  ) {
    switch stream {
    case .file(let path): posix_spawn_file_actions_addopen(&actions, descriptor, path, flags, 0o600)
    case .descriptor(let source): posix_spawn_file_actions_adddup2(&actions, source, descriptor)
    }
  }

  /// What the kernel says of it, /proc's `status`.
  var status: String { (try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)) ?? "" }

  /// Sends a signal.
  func signal(_ number: Int32) { kill(process, number) }

  /// Waits for the end; kills the process when it takes longer.
  /// - Parameter idle: called while it runs, to read what it writes.
  func wait(seconds: Double, idle: () -> Void = {}) -> End {
    let deadline = ContinuousClock.now + .seconds(seconds)
    var isTimedOut = false
    var status: Int32 = 0
    while true {
      idle()
      let ended = waitpid(process, &status, isTimedOut ? 0 : WNOHANG)
      if ended == process { break }
      if ended < 0, errno != EINTR { return End(exitCode: nil, signal: nil, isTimedOut: isTimedOut) }
      if ContinuousClock.now > deadline {
        isTimedOut = true
        kill(process, SIGKILL)
      }
      usleep(1000)
    }
    idle()
    let signal = status & 0x7f
    return End(
      exitCode: signal == 0 ? (status >> 8) & 0xff : nil, signal: signal == 0 ? nil : signal, isTimedOut: isTimedOut)
  }
}
