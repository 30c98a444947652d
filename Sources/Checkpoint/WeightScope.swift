import Kernels

/// Where weights come from: one file or several, each tensor handed out by name and ticked off.
public final class WeightSource {
  /// What to call the source in messages: a file, or the folder of several.
  public let label: String
  private let files: [String: TensorFile]
  private var used: Set<String> = []

  /// One file.
  public init(file: TensorFile) {
    label = file.path
    files = Dictionary(uniqueKeysWithValues: file.entries.keys.map { ($0, file) })
  }

  /// Several files; `files` says which file holds which tensor.
  public init(label: String, files: [String: TensorFile]) {
    self.label = label
    self.files = files
  }

  /// Every tensor's name.
  public var names: some Sequence<String> { files.keys }

  public func contains(_ name: String) -> Bool { files[name] != nil }

  /// The shape of a tensor, if it is there.
  public func shape(of name: String) -> [Int]? { files[name]?.entries[name]?.shape }

  /// The tensor as Float32, ticked off.
  public func take(_ name: String, shape: [Int]) throws(CheckpointError) -> WeightBuffer {
    guard let file = files[name] else { throw .missingTensor(name: name, file: label) }
    used.insert(name)
    return try file.floats(name, shape: shape)
  }

  /// Refuses leftovers: a tensor that nobody took means that the configuration describes another model.
  /// - Parameter ignorable: names that carry nothing (buffers that old versions saved), or parts that are not run.
  public func finish(ignoring ignorable: (String) -> Bool) throws(CheckpointError) {
    let left = files.keys.filter { !used.contains($0) && !ignorable($0) }.sorted()
    guard left.isEmpty else { throw .unusedTensors(names: left, file: label) }
  }
}

/// A dotted prefix in a source of weights.
public struct WeightScope {
  public let source: WeightSource
  public let prefix: String

  public init(_ source: WeightSource, prefix: String = "") {
    self.source = source
    self.prefix = prefix
  }

  /// The scope `name` inside this one.
  public func scope(_ name: String) -> WeightScope { WeightScope(source, prefix: path(name)) }

  /// The scope of one element of a list: "layers.3".
  public func scope(_ name: String, _ index: Int) -> WeightScope { scope("\(name).\(index)") }

  public func contains(_ name: String) -> Bool { source.contains(path(name)) }

  public func shape(of name: String) -> [Int]? { source.shape(of: path(name)) }

  public func tensor(_ name: String, _ shape: [Int]) throws(CheckpointError) -> WeightBuffer {
    try source.take(path(name), shape: shape)
  }

  /// `name.weight` [outputs, inputs] and, when asked for, `name.bias` [outputs].
  public func linear(_ name: String, inputs: Int, outputs: Int, bias: Bool) throws(CheckpointError) -> Linear {
    let inner = scope(name)
    return Linear(
      inputs: inputs, outputs: outputs, weights: try inner.tensor("weight", [outputs, inputs]),
      bias: bias ? try inner.tensor("bias", [outputs]) : nil)
  }

  /// `name.weight` and `name.bias`, [width] each.
  public func layerNorm(_ name: String, width: Int, epsilon: Float) throws(CheckpointError) -> LayerNorm {
    let inner = scope(name)
    return LayerNorm(
      gain: try inner.tensor("weight", [width]), bias: try inner.tensor("bias", [width]), epsilon: epsilon)
  }

  /// `name.weight`, [width].
  public func rmsNorm(_ name: String, width: Int, epsilon: Float) throws(CheckpointError) -> RMSNorm {
    RMSNorm(gain: try scope(name).tensor("weight", [width]), epsilon: epsilon)
  }

  /// The full name of `name` in this scope.
  public func path(_ name: String) -> String { prefix.isEmpty ? name : "\(prefix).\(name)" }
}
