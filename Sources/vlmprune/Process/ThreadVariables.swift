import Foundation

/// Environment variables with which other programs set the threads of the libraries that are used here. vlmprune gives
/// each library one thread at a time and spreads the work itself, so the numbers have no effect; a note says so.
enum ThreadVariables {
  private static let names = ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "MKL_NUM_THREADS"]

  /// With these, OpenMP's library binds the program to a core before its first line runs, and threads that it creates
  /// later inherit that: they all share one core.
  private static let binding = ["OMP_PROC_BIND", "OMP_PLACES", "GOMP_CPU_AFFINITY"]

  /// One line, when a variable binds all threads to one core; nil otherwise.
  static func bindingNote(environment: [String: String] = ProcessInfo.processInfo.environment) -> String? {
    let set = binding.compactMap { name in environment[name].map { (name, $0) } }
      .filter { !$0.1.isEmpty && $0.1.lowercased() != "false" }
    guard !set.isEmpty else { return nil }
    return "\(set.map { "\($0)=\($1)" }.joined(separator: ", ")) binds all threads to one core: unset it"
  }

  /// One line, when a variable asks for a number other than `threads`; nil otherwise.
  static func note(threads: Int, environment: [String: String] = ProcessInfo.processInfo.environment) -> String? {
    let ignored = names.compactMap { name in environment[name].map { "\(name)=\($0)" } }
      .filter { !$0.hasSuffix("=\(threads)") && !$0.hasSuffix("=") }
    guard !ignored.isEmpty else { return nil }
    return "\(ignored.joined(separator: ", ")) has no effect: --threads decides (\(threads))"
  }
}
