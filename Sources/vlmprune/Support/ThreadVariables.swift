import Foundation

/// Variables with which other programs set the threads of the libraries that are used here. vlmprune gives each library one
/// thread at a time and spreads the work itself, so they have no effect; whoever sets them is told.
enum ThreadVariables {
  private static let names = ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "MKL_NUM_THREADS"]

  /// One line, when a variable asks for another number than `threads`; nil otherwise.
  static func note(threads: Int, environment: [String: String] = ProcessInfo.processInfo.environment) -> String? {
    let ignored = names.compactMap { name in environment[name].map { "\(name)=\($0)" } }
      .filter { !$0.hasSuffix("=\(threads)") && !$0.hasSuffix("=") }
    guard !ignored.isEmpty else { return nil }
    return "\(ignored.joined(separator: ", ")) has no effect: --threads decides (\(threads))"
  }
}
