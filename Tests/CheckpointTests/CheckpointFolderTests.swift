import Checkpoint
import Foundation
import TestSupport
import Testing

@Suite struct `A sharded checkpoint folder` {
  private static let index = "model.safetensors.index.json"

  /// Writes shards and an index into a new folder, and reads the weights.
  @discardableResult
  private func weights(shards: [String: [String]], map: String) throws -> WeightSource {
    try withTemporaryFolder { folder in
      for (name, tensors) in shards {
        var writer = TensorWriter()
        for tensor in tensors { writer.add(tensor, shape: [1], [Float(tensor.utf8.count)]) }
        try writer.write(to: "\(folder)/\(name)")
      }
      try writeFile(Array(map.utf8), to: "\(folder)/\(Self.index)")
      return try CheckpointFolder(path: folder).weights()
    }
  }

  @Test func `hands out every shard's tensors`() throws {
    let source = try weights(
      shards: ["one.safetensors": ["a", "bb"], "two.safetensors": ["ccc"]],
      map: #"{"metadata":{},"weight_map":{"a":"one.safetensors","bb":"one.safetensors","ccc":"two.safetensors"}}"#)
    #expect(Set(source.names) == ["a", "bb", "ccc"])
    #expect(try source.take("a", shape: [1]).values == [1])
    #expect(try source.take("ccc", shape: [1]).values == [3])
    #expect(throws: CheckpointError.unusedTensors(names: ["bb"], file: source.label)) {
      try source.finish { _ in false }
    }
  }

  /// What a folder is asked later comes from the headers that it has read: here the files have gone.
  @Test func `reads its headers once`() throws {
    try withTemporaryFolder { folder in
      for (name, tensor) in [("one", "a"), ("two", "bb")] {
        var writer = TensorWriter()
        writer.add(tensor, shape: [3], [1, 2, 3])
        try writer.write(to: "\(folder)/\(name).safetensors")
      }
      let map = #"{"weight_map":{"a":"one.safetensors","bb":"two.safetensors"}}"#
      try writeFile(Array(map.utf8), to: "\(folder)/\(Self.index)")
      let checkpoint = try CheckpointFolder(path: folder)
      let first = try checkpoint.weights()
      for name in ["one", "two"] { try FileManager.default.removeItem(atPath: "\(folder)/\(name).safetensors") }
      try FileManager.default.removeItem(atPath: "\(folder)/\(Self.index)")
      #expect(try checkpoint.parameterCount() == 6)
      let second = try checkpoint.weights()
      #expect(try second.take("bb", shape: [3]).values == [1, 2, 3])
      // Each source ticks off for itself.
      #expect(throws: CheckpointError.self) { try first.finish { _ in false } }
    }
  }

  @Test func `is refused when a shard is missing`() {
    let error = checkpointError {
      try weights(
        shards: ["one.safetensors": ["a"]],
        map: #"{"weight_map":{"a":"one.safetensors","b":"two.safetensors"}}"#)
    }
    guard case .unreadable(let file, _)? = error, file.hasSuffix("/two.safetensors") else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test func `is refused when a tensor is mapped to a shard that does not hold it`() {
    let error = checkpointError {
      try weights(
        shards: ["one.safetensors": ["a"], "two.safetensors": ["b"]],
        map: #"{"weight_map":{"a":"two.safetensors","b":"two.safetensors"}}"#)
    }
    guard case .missingTensor("a", let file)? = error, file.hasSuffix("/two.safetensors") else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test func `is refused when a shard holds more than the index lists`() {
    let error = checkpointError {
      try weights(shards: ["one.safetensors": ["a", "b"]], map: #"{"weight_map":{"a":"one.safetensors"}}"#)
    }
    guard case .unusedTensors(["b"], let file)? = error, file.hasSuffix("/one.safetensors") else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test(arguments: [
    #"{"weight_map":{"a":"../one.safetensors"}}"#, #"{"weight_map":{"a":"/etc/passwd"}}"#,
    #"{"weight_map":{"a":"sub/one.safetensors"}}"#, #"{"weight_map":{"a":".."}}"#, #"{"weight_map":{"a":""}}"#,
    #"{"weight_map":{"a":1}}"#, #"{"weight_map":{"a":null}}"#, #"{"weight_map":[]}"#, #"{}"#, "[]", "", "{",
    #"{"weight_map":{"a":"one.safetensors","a":"one.safetensors"}}"#,
  ])
  func `is refused when the index is damaged or points outside the folder`(_ map: String) {
    let error = checkpointError { try weights(shards: ["one.safetensors": ["a"]], map: map) }
    guard case .configuration(let file, _)? = error, file.hasSuffix(Self.index) else {
      Issue.record("\(map): \(String(describing: error))")
      return
    }
  }

  @Test func `is refused when a shard is a folder, or the index itself`() {
    for shard in [".", Self.index] {
      let error = checkpointError { try weights(shards: [:], map: #"{"weight_map":{"a":"\#(shard)"}}"#) }
      #expect(error != nil, "\(shard)")
    }
  }
}

@Suite struct `A checkpoint folder` {
  @Test(arguments: [
    "pytorch_model.bin", "pytorch_model.bin.index.json", "tf_model.h5", "flax_model.msgpack", "model-q4.gguf",
    "consolidated.00.pth", "adapter_model.bin",
  ])
  func `with weights in another form names them`(_ file: String) throws {
    try withTemporaryFolder { folder in
      try writeFile([1], to: "\(folder)/\(file)")
      let error = checkpointError { _ = try CheckpointFolder(path: folder).weights() }
      #expect(error == .noWeights(folder: folder, found: file))
      #expect(error?.message.contains(file) == true && error?.hint.contains("safetensors") == true)
    }
  }

  @Test func `without weights says what it should hold`() throws {
    try withTemporaryFolder { folder in
      let error = checkpointError { _ = try CheckpointFolder(path: folder).weights() }
      #expect(error == .noWeights(folder: folder, found: nil))
    }
  }

  @Test func `is a folder that exists`() throws {
    try withTemporaryFolder { folder in
      try writeFile([], to: "\(folder)/file")
      for path in ["\(folder)/file", "\(folder)/absent"] {
        guard case .unreadable(path, _)? = checkpointError({ _ = try CheckpointFolder(path: path) }) else {
          Issue.record("\(path) was opened")
          continue
        }
      }
    }
  }

  @Test func `reads its JSON files strictly`() throws {
    try withTemporaryFolder { folder in
      try writeFile(Array(#"{"a":[1,2]}"#.utf8), to: "\(folder)/good.json")
      try writeFile(Array(#"{"a":[1,2]"#.utf8), to: "\(folder)/cut.json")
      let checkpoint = try CheckpointFolder(path: folder)
      #expect(checkpoint.contains("good.json") && !checkpoint.contains("absent.json"))
      #expect(try checkpoint.json("good.json")["a"]?.elements?.count == 2)
      guard case .configuration? = checkpointError({ _ = try checkpoint.json("cut.json") }) else {
        Issue.record("half a JSON text was read")
        return
      }
      guard case .unreadable? = checkpointError({ _ = try checkpoint.json("absent.json") }) else {
        Issue.record("an absent file was read")
        return
      }
    }
  }

  @Test func `with model.safetensors in place of a folder is unreadable`() throws {
    try withTemporaryFolder { folder in
      try FileManager.default.createDirectory(
        atPath: "\(folder)/model.safetensors", withIntermediateDirectories: false)
      guard case .unreadable? = checkpointError({ _ = try CheckpointFolder(path: folder).weights() }) else {
        Issue.record("a folder was read as weights")
        return
      }
    }
  }
}
