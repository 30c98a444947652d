import Checkpoint
import Kernels
import TestSupport
import Testing

@Suite struct `A scope of weights` {
  private func source(_ tensors: [(String, [Int])]) throws -> WeightSource {
    try withTemporaryFolder { folder in
      var writer = TensorWriter()
      for (name, shape) in tensors { writer.add(name, shape: shape, TestNumbers.sample(shape.reduce(1, *))) }
      try writer.write(to: "\(folder)/weights.safetensors")
      return WeightSource(file: try TensorFile(path: "\(folder)/weights.safetensors"))
    }
  }

  @Test func `joins names with dots, and the outermost adds none`() throws {
    let source = try source([("a", [1]), ("layers.3.norm.weight", [2]), ("layers.3.norm.bias", [2])])
    let outer = WeightScope(source)
    let layer = outer.scope("layers", 3)
    #expect(outer.contains("a") && layer.contains("norm.weight") && !layer.contains("a"))
    #expect(layer.shape(of: "norm.bias") == [2] && layer.shape(of: "norm") == nil)
    #expect(layer.path("x") == "layers.3.x" && outer.path("x") == "x")
    _ = try layer.layerNorm("norm", width: 2, epsilon: 1)
    #expect(throws: CheckpointError.unusedTensors(names: ["a"], file: source.label)) {
      try source.finish { _ in false }
    }
    try source.finish { $0 == "a" }
  }

  @Test func `refuses another shape, even one with as many elements`() throws {
    let source = try source([("fc.weight", [2, 6]), ("fc.bias", [2])])
    let error = #expect(throws: CheckpointError.self) {
      try WeightScope(source).linear("fc", inputs: 4, outputs: 3, bias: true)
    }
    #expect(
      error == .shape(name: "fc.weight", expected: [3, 4], found: [2, 6], file: source.label))
    let layer = try WeightScope(source).linear("fc", inputs: 6, outputs: 2, bias: false)
    #expect(layer.inputs == 6 && layer.outputs == 2)
    #expect(throws: CheckpointError.unusedTensors(names: ["fc.bias"], file: source.label)) {
      try source.finish { _ in false }
    }
  }

  @Test func `names a missing tensor in full`() throws {
    let source = try source([])
    #expect(throws: CheckpointError.missingTensor(name: "model.norm.weight", file: source.label)) {
      try WeightScope(source, prefix: "model").rmsNorm("norm", width: 2, epsilon: 1)
    }
  }

  /// Sums of int8 products have 32 bits.
  @Test func `refuses a matrix that is too wide for its number format, by name`() throws {
    let limit = 66_311
    try withTemporaryFolder { folder in
      var writer = TensorWriter()
      for (name, width) in [("wide", limit + 1), ("fits", limit)] {
        writer.add("\(name).weight", shape: [1, width], [Float](repeating: 1, count: width))
      }
      try writer.write(to: "\(folder)/weights.safetensors")
      let file = try TensorFile(path: "\(folder)/weights.safetensors")
      func layer(_ name: String, _ width: Int, _ format: NumberFormat) throws -> Linear {
        let packing = WeightPacking(
          engine: ProductEngine(), formats: PartFormats(tower: format, decoder: format, head: format),
          workers: Workers(count: 1))
        return try WeightScope(WeightSource(file: file, packing: packing))
          .linear(name, inputs: width, outputs: 1, bias: false)
      }
      let error = #expect(throws: CheckpointError.self) { try layer("wide", limit + 1, .int8) }
      #expect(
        error == .tooWide(name: "wide.weight", found: limit + 1, limit: limit, format: "int8", file: file.path))
      #expect(error?.message.contains("66312") == true && error?.hint.contains("bf16") == true)
      #expect(try layer("fits", limit, .int8).inputs == limit)
      #expect(try layer("wide", limit + 1, .bf16).inputs == limit + 1)
    }
  }
}
