import CBuildInformation
import Kernels

/// What `--version` prints.
enum BuildInformation {
  static let version = "0.1.0"

  /// The commit that was built: digits, then "_changed" where the working tree differed; "unknown" without git.
  static var commit: String { String(cString: build_commit()) }

  static var text: String {
    "vlmprune \(version) (commit \(commit); back ends: \(BackEnd.openBLASVersion); oneDNN \(BackEnd.oneDNNVersion))"
  }
}
