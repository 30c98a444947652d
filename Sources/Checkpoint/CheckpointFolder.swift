import Basics
import Foundation
import Synchronization

/// A Hugging Face checkpoint folder: its JSON files and its weights, in one file or sharded.
public struct CheckpointFolder: Sendable {
  public let path: String
  /// How the weights of linear layers are stored in memory; nil: as they are, widened to Float32.
  public var packing: WeightPacking?
  /// What `weights` has read, shared by copies of this value.
  private let known = KnownFiles()

  /// JSON files beside the weights are small; anything larger is not one (tokenizers reach 17 MB).
  private static let largestJSON = 256 << 20

  /// - Throws: `CheckpointError.unreadable` when there is no such folder.
  public init(path: String) throws(CheckpointError) {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw .unreadable(file: path, reason: "no such folder")
    }
    guard isFolder.boolValue else { throw .unreadable(file: path, reason: "not a folder") }
    self.path = path
  }

  /// The path of a file in the folder.
  public func file(_ name: String) -> String { "\(path)/\(name)" }

  public func contains(_ name: String) -> Bool { FileManager.default.fileExists(atPath: file(name)) }

  /// The bytes of a small file.
  public func bytes(_ name: String) throws(CheckpointError) -> [UInt8] {
    let mapped = try MappedFile(path: file(name))
    guard mapped.count <= Self.largestJSON else {
      throw .configuration(file: file(name), reason: "\(mapped.count) bytes are too many for a JSON file")
    }
    return mapped.withBytes(0..<mapped.count) { [UInt8]($0) }
  }

  /// A JSON file, parsed.
  public func json(_ name: String) throws(CheckpointError) -> JSONValue {
    let bytes = try bytes(name)
    do {
      return try JSONValue(parsing: bytes)
    } catch {
      throw .configuration(file: file(name), reason: error.message)
    }
  }

  /// The weights: model.safetensors, or the shards that model.safetensors.index.json lists.
  /// - Throws: `CheckpointError`; `.noWeights` names a form that is not supported when one is found instead.
  public func weights() throws(CheckpointError) -> WeightSource { try weights(packing: packing) }

  /// Each caller gets its own source; headers are read and checked only once.
  private func weights(packing: WeightPacking?) throws(CheckpointError) -> WeightSource {
    let files = try tensorFiles()
    return WeightSource(label: files.label, files: files.byTensor, packing: packing)
  }

  private func tensorFiles() throws(CheckpointError) -> TensorFiles {
    if let files = known.files { return files }
    let files: TensorFiles
    if contains("model.safetensors") {
      files = TensorFiles(try TensorFile(path: file("model.safetensors")))
    } else if contains("model.safetensors.index.json") {
      files = try shards()
    } else {
      throw .noWeights(folder: path, found: foreignWeights())
    }
    known.files = files
    return files
  }

  /// Where `packing` keeps this checkpoint's packed weights; nil when it keeps none.
  public func packedFile() throws(CheckpointError) -> String? {
    guard let packing else { return nil }
    return packing.file(for: try weights(packing: nil).tensorFiles, label: path)
  }

  /// Elements of all weights.
  public func parameterCount() throws(CheckpointError) -> Int { try weights(packing: nil).parameterCount }

  private func shards() throws(CheckpointError) -> TensorFiles {
    let index = "model.safetensors.index.json"
    let json = try json(index)
    guard let map = json["weight_map"]?.members else {
      throw .configuration(file: file(index), reason: "it has no \"weight_map\" object")
    }
    var shards: [String: TensorFile] = [:]
    var files: [String: TensorFile] = [:]
    for member in map {
      // A shard must be a plain name beside the index: a path could leave the folder.
      guard let shard = member.value.string, !shard.isEmpty, !shard.contains("/"), shard != ".." else {
        throw .configuration(file: file(index), reason: "tensor \(member.name) is not mapped to a file name")
      }
      if shards[shard] == nil { shards[shard] = try TensorFile(path: file(shard)) }
      guard shards[shard]?.entries[member.name] != nil else {
        throw .missingTensor(name: member.name, file: file(shard))
      }
      files[member.name] = shards[shard]
    }
    for (name, shard) in shards {
      let unlisted = shard.entries.keys.filter { files[$0] == nil }.sorted()
      guard unlisted.isEmpty else { throw .unusedTensors(names: unlisted, file: file(name)) }
    }
    return TensorFiles(label: path, byTensor: files)
  }

  private func foreignWeights() -> String? {
    let foreign = ["pytorch_model.bin", "pytorch_model.bin.index.json", "tf_model.h5", "flax_model.msgpack"]
    if let name = foreign.first(where: contains) { return name }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return names.sorted().first { $0.hasSuffix(".gguf") || $0.hasSuffix(".bin") || $0.hasSuffix(".pth") }
  }
}

/// The files that hold a checkpoint's weights, with their headers.
private struct TensorFiles: Sendable {
  /// Their name in messages: the file, or the folder if there are several.
  let label: String
  /// Which file holds which tensor.
  let byTensor: [String: TensorFile]

  init(label: String, byTensor: [String: TensorFile]) {
    self.label = label
    self.byTensor = byTensor
  }

  init(_ file: TensorFile) {
    self.init(
      label: file.path, byTensor: Dictionary(uniqueKeysWithValues: file.entries.keys.map { ($0, file) }))
  }
}

/// The files of a folder, once they have been read.
private final class KnownFiles: Sendable {
  private let stored = Mutex<TensorFiles?>(nil)

  var files: TensorFiles? {
    get { stored.withLock { $0 } }
    set { stored.withLock { $0 = newValue } }
  }
}
