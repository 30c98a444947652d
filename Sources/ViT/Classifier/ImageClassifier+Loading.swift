import Checkpoint
import Foundation
import Kernels

extension ImageClassifier {
  /// Loads a standalone encoder.
  /// - Parameters:
  ///   - path: a Hugging Face folder of type `vit` or `deit`, or a safetensors file with timm's names.
  ///   - packing: how the weights are stored in memory; nil: as they are.
  /// - Throws: `CheckpointError`; a missing, mis-shaped or unused tensor is one.
  public init(path: String, packing: WeightPacking? = nil) throws(CheckpointError) {
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
      var folder = try CheckpointFolder(path: path)
      folder.packing = packing
      try self.init(folder: folder)
    } else {
      try self.init(timm: WeightSource(file: try TensorFile(path: path), packing: packing))
    }
  }

  /// A Hugging Face folder: config.json and its weights.
  public init(folder: CheckpointFolder) throws(CheckpointError) {
    let description = try EncoderDescription(folder)
    let source = try folder.weights()
    // A model that was saved without its head has no prefix either.
    let isBare = !source.contains("\(description.modelType).embeddings.cls_token")
    let scope = WeightScope(source, prefix: isBare ? "" : description.modelType)
    let hasHead = description.promisesHead || source.contains("classifier.weight")
    try self.init(
      description.tower, from: scope, naming: .huggingFace, head: "classifier",
      classes: hasHead ? description.classes : nil, labels: hasHead ? description.labels : [])
    // The pooler is a head for another use.
    let pooler = scope.path("pooler.")
    try source.finish { $0.hasPrefix(pooler) }
  }

  /// A file with timm's names, whose shapes say all that a configuration would.
  public init(timm source: WeightSource) throws(CheckpointError) {
    let shape = try TimmShape(source)
    try self.init(
      shape.tower, from: WeightScope(source), naming: .timm, head: "head", classes: shape.classes, labels: [])
    try source.finish { _ in false }
  }

  /// - Parameter classes: nil where there is no head.
  private init(
    _ configuration: VisionConfiguration, from scope: WeightScope, naming: TowerNaming, head name: String,
    classes: Int?, labels: [String]
  ) throws(CheckpointError) {
    tower = try VisionTransformer(configuration, from: scope, naming: naming)
    outputNorm = try scope.layerNorm(
      naming.outputNorm, width: configuration.width, epsilon: configuration.normEpsilon)
    if let classes {
      head = try WeightScope(scope.source).linear(name, inputs: configuration.width, outputs: classes, bias: true)
    } else {
      head = nil
    }
    self.labels = labels
  }
}

/// What the shapes of a file with timm's names say: timm stores no configuration, and its plain ViTs and DeiTs all have
/// heads of 64, an epsilon of 1e-6 and an exact GELU.
private struct TimmShape {
  let tower: VisionConfiguration
  /// Nil where the file has no head.
  let classes: Int?

  init(_ source: WeightSource) throws(CheckpointError) {
    let kernel = try Self.shape(of: "patch_embed.proj.weight", dimensions: 4, in: source)
    let positions = try Self.shape(of: "pos_embed", dimensions: 3, in: source)
    let expand = try Self.shape(of: "blocks.0.mlp.fc1.weight", dimensions: 2, in: source)
    let width = kernel[0]
    let patch = kernel[2]
    let prefix = source.contains("dist_token") ? 2 : 1
    let side = Int(Double(max(positions[1] - prefix, 0)).squareRoot().rounded())
    guard side > 0, side * side + prefix == positions[1] else {
      throw .configuration(
        file: source.label, reason: "\(positions[1]) positions are not \(prefix) more than the patches of a square")
    }
    let headWidth = 64
    guard width > 0, width % headWidth == 0, patch > 0, patch <= 8192 / side else {
      throw .configuration(
        file: source.label,
        reason: "a width of \(width) and patches of \(patch) pixels do not belong to a tower with heads of \(headWidth)"
      )
    }
    var depth = 0
    while source.contains("blocks.\(depth).norm1.weight") { depth += 1 }
    guard depth > 0 else { throw .missingTensor(name: "blocks.0.norm1.weight", file: source.label) }
    tower = VisionConfiguration(
      imageSize: side * patch, patchSize: patch, width: width, depth: depth, heads: width / headWidth,
      feedForwardWidth: expand[0], activation: .gelu, normEpsilon: 1e-6, prefixTokens: prefix, normalisesInput: false,
      patchBias: true)
    classes = source.contains("head.weight") ? try Self.shape(of: "head.weight", dimensions: 2, in: source)[0] : nil
  }

  private static func shape(
    of name: String, dimensions: Int, in source: WeightSource
  ) throws(CheckpointError) -> [Int] {
    guard let shape = source.shape(of: name) else { throw .missingTensor(name: name, file: source.label) }
    guard shape.count == dimensions else {
      throw .configuration(
        file: source.label, reason: "tensor \(name) has shape \(shape), not \(dimensions) dimensions")
    }
    return shape
  }
}
