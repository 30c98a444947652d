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
}
