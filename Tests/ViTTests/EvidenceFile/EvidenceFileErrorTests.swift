import Checkpoint
import Pruning
import Testing

@testable import ViT

@Suite struct `Broken files of evidence` {
  /// One view of 1×2 patches after a class token, one head.
  private static let metadata = [
    "class_token": "true", "grid": "1x2", "image_size": "20x10", "depth": "2", "feature_layer": "1",
  ]

  private func refusal(
    of metadata: [String: String] = metadata, asking evidence: Evidence = .none,
    _ add: (inout TensorWriter) -> Void = { _ in }
  ) throws -> (error: EvidenceFileError, path: String) {
    try TemporaryFile.use { path in
      var writer = TensorWriter(metadata: metadata)
      add(&writer)
      try writer.write(to: path)
      do {
        let file = try EvidenceFile(path: path)
        _ = try file.image(providing: evidence)
        _ = try file.question(providing: evidence)
      } catch let error as EvidenceFileError {
        return (error, path)
      }
      throw Unexpected()
    }
  }

  private struct Unexpected: Error {}

  @Test(arguments: ["class_token", "grid", "image_size", "depth", "feature_layer"])
  func `Missing metadata is named`(key: String) throws {
    var fields = Self.metadata
    fields[key] = nil
    let (error, path) = try refusal(of: fields)
    #expect(error.message == "\(path) has no metadata \"\(key)\"")
    #expect(error.hint.hasPrefix("add \(key) to the file's metadata: "))
  }

  @Test(arguments: [
    ("class_token", "yes"), ("class_token", "True"), ("grid", "24"), ("grid", "0x2"), ("grid", "1x2x3"),
    ("grid", "60000x60000"), ("image_size", "20"), ("image_size", "0x10"), ("image_size", "-5x10"), ("depth", "0"),
    ("depth", "2.0"), ("depth", "1000000000000"), ("feature_layer", "2"), ("feature_layer", "-1"),
    ("feature_layer", "x"), ("merge", "2x2"), ("merge", "1x3"), ("merge", "two"), ("crop_grid", "x"),
    ("crop_grid", "0x2"), ("frames", "0"), ("frames", "8.0"), ("frames", "32769"), ("crop_grid", "60000x60000"),
    ("digest", "xyz"), ("digest", "12345678901234567"),
    ("full_attention_layers", "2"), ("full_attention_layers", "0,,1"),
  ])
  func `Metadata that cannot be read is refused`(key: String, value: String) throws {
    var fields = Self.metadata
    fields[key] = value
    let (error, path) = try refusal(of: fields)
    #expect(error.message.hasPrefix("metadata \(key) in \(path) is \"\(value)\", not "))
    #expect(error.hint.hasPrefix("set \(key) to "))
  }

  @Test(arguments: [
    ("attention.1", [1, 1, 2, 2], "[1, heads, 3, 3]"), ("attention.0", [1, 1, 3], "[1, heads, 3, 3]"),
    ("attention.1", [2, 1, 3, 3], "[1, heads, 3, 3]"), ("logits.0", [1, 0, 3, 3], "[1, heads, 3, 3]"),
    ("logits.0", [1, 1, 3, 2], "[1, heads, 3, 3]"), ("keys.0", [1, 1, 2, 4], "[1, heads, 3, headWidth]"),
    ("features", [1, 3, 4], "[1, 2, width]"), ("projected", [2, 4], "[1, 2, width]"),
    ("text_space", [1, 2, 0], "[1, 2, width]"), ("text", [1, 2, 3], "[texts, width]"),
    ("text", [0, 3], "[texts, width]"), ("newline", [1, 4], "[width]"), ("noise", [4], "[rows,columns]"),
    ("text_embeddings", [1, 2, 3], "[words,decoder width]"), ("projector.0.weight", [3], "[hidden,width]"),
    ("projector.2.bias", [2, 2], "[width]"), ("decoder_keys.7", [2, 3], "[heads,tokens,headWidth]"),
    ("decoder_states.7", [2, 3, 4], "[tokens,width]"),
  ])
  func `A tensor whose shape the metadata do not allow is refused`(name: String, shape: [Int], expected: String) throws
  {
    let (error, path) = try refusal { writer in
      writer.add(name, shape: shape, [Float](repeating: 0, count: shape.reduce(1, *)))
    }
    #expect(error == .shape(tensor: name, expected: expected, found: shape, file: path))
    #expect(error.message == "tensor \(name) in \(path) has shape \(shape), expected \(expected)")
  }

  @Test(arguments: ["attention.2", "logits.-1", "keys.99"])
  func `A block that the tower does not have is refused`(name: String) throws {
    let (error, path) = try refusal { $0.add(name, shape: [1, 1, 3, 3], [Float](repeating: 0, count: 9)) }
    #expect(error == .layerOutOfRange(tensor: name, depth: 2, file: path))
  }

  @Test func `a missing tensor is named with what to add`() throws {
    let (error, path) = try refusal(asking: [.classAttention(layer: 1)]) { writer in
      writer.add("attention.0", shape: [1, 1, 3, 3], [Float](repeating: 0, count: 9))
      writer.add("something", shape: [1], [0])
    }
    #expect(error.message == "the strategy needs tensor attention.1, which \(path) does not have")
    #expect(
      error.hint == "add attention.1 [V,H,S,S] (softmax probabilities); the file has attention.0, something")
  }

  @Test(
    arguments: [
      (.classLogits(layer: 0), "logits.0"), (.attentionReceived(layer: 1, queries: .patches), "attention.1"),
      (.patchMeans(layer: 1, scale: .softmax), "attention.1"), (.patchMeans(layer: 1, scale: .logits), "logits.1"),
      (.keys(layer: 0), "keys.0"), (.features, "features"), (.projected, "projected"), (.textSpace, "projected"),
      (.clipSpace, "text_space"), (.classOwnLogits(layer: 1), "logits.1"),
    ] as [(EvidenceKind, String)])
  func `Each kind of evidence names the tensor that it is made of`(kind: EvidenceKind, tensor: String) throws {
    let (error, path) = try refusal(asking: [kind])
    guard case .missingTensor(let name, _, let found, let file) = error else {
      Issue.record("\(error)")
      return
    }
    #expect(name == tensor)
    #expect(found.isEmpty)
    #expect(file == path)
  }

  @Test func `parts of a projector and of a prompt must fit each other`() throws {
    func zeros(_ shape: [Int]) -> [Float] { [Float](repeating: 0, count: shape.reduce(1, *)) }
    let shapes = [
      ("projector.0.weight", [5, 3]), ("projector.0.bias", [5]), ("projector.2.weight", [4, 5]),
      ("projector.2.bias", [4]),
    ]
    for (name, shape, expected) in [
      ("projector.0.bias", [4], "[5]"), ("projector.2.weight", [4, 6], "[decoder width, 5]"),
      ("projector.2.bias", [5], "[4]"),
    ] {
      let (error, path) = try refusal(asking: Evidence([], shared: [.projector])) { writer in
        for (other, own) in shapes {
          let used = other == name ? shape : own
          writer.add(other, shape: used, zeros(used))
        }
      }
      #expect(error == .shape(tensor: name, expected: expected, found: shape, file: path))
    }
    let (error, path) = try refusal(asking: Evidence([], question: [.decoderBlock(1)])) { writer in
      writer.add("decoder_keys.1", shape: [2, 6, 3], zeros([2, 6, 3]))
      writer.add("decoder_states.1", shape: [5, 3], zeros([5, 3]))
    }
    #expect(error == .shape(tensor: "decoder_states.1", expected: "[6, width]", found: [5, 3], file: path))
    let (missing, file) = try refusal(asking: Evidence([], question: [.decoderBlock(1)])) { writer in
      writer.add("decoder_keys.1", shape: [2, 6, 3], zeros([2, 6, 3]))
      writer.add("decoder_states.1", shape: [6, 3], zeros([6, 3]))
    }
    #expect(missing.message == "\(file) has no metadata \"image_start\"")
  }

  @Test func `the text is named where it is missing`() throws {
    let (error, path) = try refusal(asking: Evidence([], question: [.embeddings]))
    #expect(error == .missingTensor("text", shape: "[texts,width]", found: [], file: path))
  }

  @Test(arguments: ["attention.1", "logits.1"])
  func `A class row of a file without class tokens is refused`(name: String) throws {
    var fields = Self.metadata
    fields["class_token"] = "false"
    let kind = name.hasPrefix("a") ? EvidenceKind.classAttention(layer: 1) : .classLogits(layer: 1)
    let (error, path) = try refusal(of: fields, asking: [kind]) { writer in
      writer.add(name, shape: [1, 1, 2, 2], [0.5, 0.5, 0.5, 0.5])
    }
    #expect(error == .noClassToken(tensor: name, file: path))
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity])
  func `Values that are not finite are refused`(value: Float) throws {
    let (error, path) = try refusal(asking: [.classAttention(layer: 1)]) { writer in
      var values = [Float](repeating: 0.3, count: 9)
      values[2] = value
      writer.add("attention.1", shape: [1, 1, 3, 3], values)
    }
    #expect(error == .notFinite(tensor: "attention.1", file: path))
  }

  @Test func `what is no tensor file is refused`() throws {
    #expect(throws: EvidenceFileError.self) { try EvidenceFile(path: "/does/not/exist.safetensors") }
    #expect(throws: EvidenceFileError.self) { try EvidenceFile(path: #filePath) }
  }

  @Test func `integers are no evidence`() throws {
    let (error, _) = try refusal(asking: [.features]) { writer in
      writer.add("features", shape: [1, 2, 1], integers: [1, 2])
    }
    #expect(error.message.contains("unsupported type I64"))
    #expect(error.hint == "write the tensors as float32 with safetensors' save_file")
  }
}
