import Kernels

/// What `--version` prints.
enum BuildInformation {
  static let version = "0.1.0"

  static var text: String { "vlmprune \(version) (OpenBLAS: \(BackEnd.openBLASVersion))" }
}
