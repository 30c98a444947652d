import Checkpoint
import TestSupport

/// A safetensors file put together byte by byte, right or wrong.
struct RawTensorFile {
  var header: String
  var data: [UInt8] = []
  /// What the length field says; nil for the header's own length.
  var claimedLength: UInt64?

  var bytes: [UInt8] {
    let length = claimedLength ?? UInt64(header.utf8.count)
    return (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + Array(header.utf8) + data
  }

  /// Reads it back from a temporary file.
  func read() throws -> TensorFile { try Self.read(bytes) }

  static func read(_ bytes: [UInt8]) throws -> TensorFile {
    try withTemporaryFolder { folder in
      try writeFile(bytes, to: "\(folder)/raw.safetensors")
      return try TensorFile(path: "\(folder)/raw.safetensors")
    }
  }
}

/// Runs `body` and returns the checkpoint error that it throws; any other error, or none, is nil.
func checkpointError(_ body: () throws -> Void) -> CheckpointError? {
  do {
    try body()
    return nil
  } catch {
    return error as? CheckpointError
  }
}
