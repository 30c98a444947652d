import Kernels

/// A source of weights: one file or several. Each tensor is taken by name and marked as used.
public final class WeightSource {
  /// The source's name in messages: a file, or the folder if there are several.
  public let label: String
  private let files: [String: TensorFile]
  /// Of all tensors.
  private let totalBytes: Int
  private var used: Set<String> = []
  /// Of the tensors in `used`.
  private var usedBytes = 0
  private let packer: WeightPacker?

  /// One file.
  public init(file: TensorFile, packing: WeightPacking? = nil) {
    label = file.path
    packer = packing.map { WeightPacker($0, files: [file], label: file.path) }
    files = Dictionary(uniqueKeysWithValues: file.entries.keys.map { ($0, file) })
    totalBytes = Self.bytes(files)
  }

  /// Several files; `files` says which file holds which tensor.
  public init(label: String, files: [String: TensorFile], packing: WeightPacking? = nil) {
    self.label = label
    packer = packing.map { WeightPacker($0, files: Self.each(files), label: label) }
    self.files = files
    totalBytes = Self.bytes(files)
  }

  private static func bytes(_ files: [String: TensorFile]) -> Int {
    files.reduce(0) { $0 + ($1.value.entries[$1.key]?.bytes.count ?? 0) }
  }

  /// Every tensor's name.
  public var names: some Sequence<String> { files.keys }

  public func contains(_ name: String) -> Bool { files[name] != nil }

  /// Each file once.
  var tensorFiles: [TensorFile] { Self.each(files) }

  private static func each(_ files: [String: TensorFile]) -> [TensorFile] {
    Array(Dictionary(files.values.map { ($0.path, $0) }) { first, _ in first }.values)
  }

  /// Elements of all tensors.
  var parameterCount: Int { files.reduce(0) { $0 + ($1.value.entries[$1.key]?.count ?? 0) } }

  /// The shape of a tensor, if it is there.
  public func shape(of name: String) -> [Int]? { files[name]?.entries[name]?.shape }

  /// The tensor as Float32, marked as used.
  public func take(_ name: String, shape: [Int]) throws(CheckpointError) -> WeightBuffer {
    guard let file = files[name] else { throw .missingTensor(name: name, file: label) }
    markUsed(name, in: file)
    return try file.floats(name, shape: shape)
  }

  /// The matrix [rows, columns] as its file stores it, marked as used.
  public func matrix(_ name: String, rows: Int, columns: Int) throws(CheckpointError) -> StoredMatrix {
    guard let file = files[name] else { throw .missingTensor(name: name, file: label) }
    markUsed(name, in: file)
    return try file.matrix(name, rows: rows, columns: columns)
  }

  private func markUsed(_ name: String, in file: TensorFile) {
    if used.insert(name).inserted { usedBytes += file.entries[name]?.bytes.count ?? 0 }
  }

  private func tellProgress(_ doneBytes: Int) {
    guard let packer, packer.hasPacked else { return }
    packer.packing.progress(PackingProgress(doneBytes: doneBytes, totalBytes: totalBytes))
  }

  /// A layer with the weights `name` [outputs, inputs], packed as this source is set to.
  func linear(
    weights name: String, bias: String?, part: ModelPart, inputs: Int, outputs: Int
  ) throws(CheckpointError) -> Linear {
    guard let packer, packer.packing.packs(part) else {
      let weights = try take(name, shape: [outputs, inputs])
      return Linear(inputs: inputs, outputs: outputs, weights: weights, bias: try offsets(bias, outputs))
    }
    // Marked as used and checked even if the cache has it: the checkpoint is what counts.
    let stored = try matrix(name, rows: outputs, columns: inputs)
    let offsets = try offsets(bias, outputs)
    let weights = try packer.weights(name, part: part, stored, source: label)
    tellProgress(usedBytes)
    return Linear(weights, bias: offsets, engine: packer.packing.engine)
  }

  /// Layers whose weights [parts · outputs, inputs] and biases are stored as one tensor each.
  func linears(
    _ parts: Int, weights name: String, bias: String, part: ModelPart, inputs: Int, outputs: Int
  ) throws(CheckpointError) -> [Linear] {
    let isPacked = packer?.packing.packs(part) ?? false
    let plain = isPacked ? nil : try take(name, shape: [parts * outputs, inputs])
    let stored = isPacked ? try matrix(name, rows: parts * outputs, columns: inputs) : nil
    let offsets = try take(bias, shape: [parts * outputs])
    var layers: [Linear] = []
    for index in 0..<parts {
      let rows = index * outputs..<(index + 1) * outputs
      let own = offsets.slice(rows)
      if let packer, let stored {
        let weights = try packer.weights("\(name)#\(index)", part: part, stored.slice(rows), source: label)
        layers.append(Linear(weights, bias: own, engine: packer.packing.engine))
      } else if let plain {
        let weights = plain.slice(rows.lowerBound * inputs..<rows.upperBound * inputs)
        layers.append(Linear(inputs: inputs, outputs: outputs, weights: weights, bias: own))
      }
    }
    tellProgress(usedBytes)
    return layers
  }

  private func offsets(_ name: String?, _ count: Int) throws(CheckpointError) -> WeightBuffer? {
    guard let name else { return nil }
    return try take(name, shape: [count])
  }

  func narrowEngine(for part: ModelPart) -> ProductEngine? {
    packer.flatMap { $0.packing.formats[part] == .f32 ? nil : $0.packing.engine }
  }

  /// A layer of Float32 weights that are already in memory.
  func linear(_ weights: WeightBuffer, inputs: Int, outputs: Int, bias: WeightBuffer?) -> Linear {
    guard let packing = packer?.packing, packing.engine.isNative(.f32) else {
      return Linear(inputs: inputs, outputs: outputs, weights: weights, bias: bias)
    }
    let packed = PackedWeights(format: .f32, inputs: inputs, outputs: outputs, workers: packing.workers) {
      range, place in
      weights.withUnsafeElements { elements in
        guard let base = elements.baseAddress else { return }
        place.update(from: base + range.lowerBound * inputs, count: range.count * inputs)
      }
    }
    return Linear(packed, bias: bias, engine: packing.engine)
  }

  /// Refuses leftovers: an unused tensor means that the configuration describes another model.
  /// - Parameter ignorable: names of tensors that are not needed (buffers that old versions saved), or of parts that
  ///   are not run.
  public func finish(ignoring ignorable: (String) -> Bool) throws(CheckpointError) {
    let left = files.keys.filter { !used.contains($0) && !ignorable($0) }.sorted()
    guard left.isEmpty else { throw .unusedTensors(names: left, file: label) }
    tellProgress(totalBytes)
    packer?.finish()
  }
}

/// A dotted prefix in a source of weights.
public struct WeightScope {
  public let source: WeightSource
  public let prefix: String
  /// The part of the model that this scope's layers belong to.
  public let part: ModelPart

  public init(_ source: WeightSource, prefix: String = "", part: ModelPart = .decoder) {
    self.source = source
    self.prefix = prefix
    self.part = part
  }

  /// The same scope for layers of another part.
  public func of(_ part: ModelPart) -> WeightScope { WeightScope(source, prefix: prefix, part: part) }

  /// The scope `name` inside this one.
  public func scope(_ name: String) -> WeightScope { WeightScope(source, prefix: path(name), part: part) }

  /// The scope of one element of a list: "layers.3".
  public func scope(_ name: String, _ index: Int) -> WeightScope { scope("\(name).\(index)") }

  /// The engine for attention's products if this part is stored in a narrow format; nil: Float32.
  public var narrowEngine: ProductEngine? { source.narrowEngine(for: part) }

  public func contains(_ name: String) -> Bool { source.contains(path(name)) }

  public func shape(of name: String) -> [Int]? { source.shape(of: path(name)) }

  public func tensor(_ name: String, _ shape: [Int]) throws(CheckpointError) -> WeightBuffer {
    try source.take(path(name), shape: shape)
  }

  /// `name.weight` [outputs, inputs] and, when asked for, `name.bias` [outputs].
  public func linear(_ name: String, inputs: Int, outputs: Int, bias: Bool) throws(CheckpointError) -> Linear {
    let inner = scope(name)
    return try source.linear(
      weights: inner.path("weight"), bias: bias ? inner.path("bias") : nil, part: part, inputs: inputs,
      outputs: outputs)
  }

  /// A layer with Float32 weights [outputs, inputs] that are stored in another shape.
  public func linear(_ weights: WeightBuffer, inputs: Int, outputs: Int, bias: WeightBuffer?) -> Linear {
    source.linear(weights, inputs: inputs, outputs: outputs, bias: bias)
  }

  /// `parts` layers stored as one: `name.weight` [parts · outputs, inputs] and `name.bias` [parts · outputs].
  public func linears(_ name: String, parts: Int, inputs: Int, outputs: Int) throws(CheckpointError) -> [Linear] {
    let inner = scope(name)
    return try source.linears(
      parts, weights: inner.path("weight"), bias: inner.path("bias"), part: part, inputs: inputs, outputs: outputs)
  }

  /// `name` [rows, columns] as its file stores it.
  public func matrix(_ name: String, rows: Int, columns: Int) throws(CheckpointError) -> StoredMatrix {
    try source.matrix(path(name), rows: rows, columns: columns)
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
