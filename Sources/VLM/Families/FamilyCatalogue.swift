import Checkpoint
import Kernels

/// Every family, by `model_type`. A new one is a folder beside this and a line here.
public enum FamilyCatalogue {
  public static let all: [any VisionFamily.Type] = [
    LlavaFamily.self,
    LlavaNextFamily.self,
    VideoLlavaFamily.self,
    QwenFamily<Qwen2VL>.self,
    QwenFamily<Qwen25VL>.self,
    QwenFamily<Qwen3VL>.self,
  ]

  /// Loads the checkpoint in `folder` with the family that its config.json names.
  /// - Parameters:
  ///   - name: the model's name in results.
  ///   - template: how the prompt's template is found.
  public static func load(
    folder path: String, name: String, workers: Workers, compute: ComputeOptions = ComputeOptions(),
    template: TemplateChoice = .recognised
  ) throws(VLMError) -> VisionLanguageModel {
    var folder = try wrapping { () throws(CheckpointError) in try CheckpointFolder(path: path) }
    let configuration = try wrapping { () throws(CheckpointError) in try folder.json("config.json") }
    guard let type = configuration["model_type"]?.string else {
      throw .configuration(
        key: "model_type", found: "missing", expected: all.map { $0.modelType }.joined(separator: " or "),
        file: folder.file("config.json"))
    }
    // The authors' own checkpoints: "llava_llama", "llava_mistral", or "llava" with the tower's name beside it.
    if type.hasPrefix("llava_l") || type.hasPrefix("llava_m") || configuration["mm_vision_tower"] != nil {
      throw .originalLayout(type: type, file: folder.file("config.json"))
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
      engine: engine, formats: formats, workers: workers, cacheFolder: compute.cacheFolder, notice: compute.notice,
      progress: compute.progress)
    let loader = try wrapping { [folder] () throws(CheckpointError) in
      try FamilyLoader(folder, configuration: configuration, name: name, workers: workers, template: template)
    }
    var model = try family.load(loader)
    model.notes = [model.template?.doubt].compactMap { $0 }
    model.notes += try wrapping { () throws(CheckpointError) in try loader.generationNotes() }
    let packedFile = try wrapping { [folder] () throws(CheckpointError) in try folder.packedFile() }
    model.compute = ComputeReport(backEnd: compute.backEnd, formats: formats, packedFile: packedFile)
    return model
  }
}
