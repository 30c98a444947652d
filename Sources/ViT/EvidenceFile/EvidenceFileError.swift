import Checkpoint
import Pruning

/// What can be wrong with a file of evidence (`vlmprune select`).
public enum EvidenceFileError: Error, Sendable, Hashable {
  /// Not a readable safetensors file.
  case file(CheckpointError)
  case missingMetadata(key: String, expected: String, file: String)
  case invalidMetadata(key: String, value: String, expected: String, file: String)
  case layerOutOfRange(tensor: String, depth: Int, file: String)
  case shape(tensor: String, expected: String, found: [Int], file: String)
  /// A class token's row was requested from a file that says it has none.
  case noClassToken(tensor: String, file: String)
  case notFinite(tensor: String, file: String)
  /// A tensor that the strategy needs; `shape` says what to add, `found` which tensors there are.
  case missingTensor(String, shape: String, found: [String], file: String)

  /// What is wrong, in one line.
  public var message: String {
    switch self {
    case .file(let error): error.message
    case .missingMetadata(let key, _, let file): "\(file) has no metadata \"\(key)\""
    case .invalidMetadata(let key, let value, let expected, let file):
      "metadata \(key) in \(file) is \"\(value)\", not \(expected)"
    case .layerOutOfRange(let tensor, let depth, let file):
      "tensor \(tensor) in \(file) is not of one of the tower's \(depth) blocks"
    case .shape(let tensor, let expected, let found, let file):
      "tensor \(tensor) in \(file) has shape \(found), expected \(expected)"
    case .noClassToken(let tensor, let file): "tensor \(tensor) in \(file) has no class token's row"
    case .notFinite(let tensor, let file): "tensor \(tensor) in \(file) holds values that are not finite"
    case .missingTensor(let tensor, _, _, let file): "the strategy needs tensor \(tensor), which \(file) does not have"
    }
  }

  /// What to do about it, in one line.
  public var hint: String {
    switch self {
    case .file(.malformed), .file(.unsupportedType): "write the tensors as float32 with safetensors' save_file"
    case .file(let error): error.hint
    case .missingMetadata(let key, let expected, _): "add \(key) to the file's metadata: \(expected)"
    case .invalidMetadata(let key, _, let expected, _): "set \(key) to \(expected)"
    case .layerOutOfRange: "blocks count from 0; metadata depth says how many there are"
    case .shape: "V views, H heads, S tokens with the class token, N patches: the metadata say how many"
    case .noClassToken: "the metadata say class_token=false: take a strategy that needs no class token"
    case .notFinite: "check how the tensor was made: not-a-number and infinities cannot be ranked"
    case .missingTensor(let tensor, let shape, let found, _):
      "add \(tensor) \(shape); the file has \(found.isEmpty ? "no tensors" : found.joined(separator: ", "))"
    }
  }
}
