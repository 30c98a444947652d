import Checkpoint
import Kernels

/// A family of checkpoints: one file that turns a Hugging Face folder into a model, and one line in the catalogue.
public protocol ModelFamily: Sendable {
  /// config.json's `model_type`.
  static var modelType: String { get }
  /// One line for `vlmprune models`.
  static var summary: String { get }
  /// Whether the tower has a class token: what class-token strategies need.
  static var hasClassToken: Bool { get }
  /// Loads the folder, checking every file, shape and name.
  static func load(
    _ folder: CheckpointFolder, configuration: JSONValue, name: String, workers: Workers
  ) throws(VLMError) -> VisionLanguageModel
}

/// Every family, by `model_type`. A new one is a file beside this and a line here.
public enum FamilyCatalogue {
  public static let all: [any ModelFamily.Type] = [
    LlavaFamily.self,
    LlavaNextFamily.self,
    VideoLlavaFamily.self,
  ]

  /// Loads the checkpoint in `folder` with the family that its config.json names.
  /// - Parameter name: what to call the model in results.
  public static func load(
    folder path: String, name: String, workers: Workers, compute: ComputeOptions = ComputeOptions()
  ) throws(VLMError) -> VisionLanguageModel {
    var folder = try wrapping { () throws(CheckpointError) in try CheckpointFolder(path: path) }
    let configuration = try wrapping { () throws(CheckpointError) in try folder.json("config.json") }
    guard let type = configuration["model_type"]?.string else {
      throw .configuration(
        key: "model_type", found: "missing", expected: all.map { $0.modelType }.joined(separator: " or "),
        file: folder.file("config.json"))
    }
    guard let family = all.first(where: { $0.modelType == type }) else {
      throw .unsupportedModel(type: type, file: folder.file("config.json"), supported: all.map { $0.modelType })
    }
    if let quantisation = configuration["quantization_config"], !quantisation.isNull {
      throw .checkpoint(
        .quantised(
          method: quantisation["quant_method"]?.string ?? "an unknown method", file: folder.file("config.json")))
    }
    let engine = ProductEngine(compute.backEnd)
    let parameters = try wrapping { [folder] () throws(CheckpointError) in try folder.parameterCount() }
    let formats = compute.formats(engine: engine, parameters: parameters)
    folder.packing = WeightPacking(
      engine: engine, formats: formats, workers: workers, cacheFolder: compute.cacheFolder, notice: compute.notice)
    var model = try family.load(folder, configuration: configuration, name: name, workers: workers)
    let packedFile = try wrapping { [folder] () throws(CheckpointError) in try folder.packedFile() }
    model.compute = ComputeReport(backEnd: compute.backEnd, formats: formats, packedFile: packedFile)
    return model
  }
}
