import Basics
import Checkpoint
import Images
import Pruning
import ViT

/// The image and video processors of a Qwen-VL folder.
struct QwenProcessor: Sendable {
  let image: NativeResolutionProcessor
  let video: NativeResolutionProcessor
  /// Which frames of a video are read.
  let sampling: FrameSampling

  /// Reads the image processor's file, and the video processor's: its section of processor_config.json, else its own
  /// file, else the image processor's keys, as transformers does.
  init<Generation: QwenGeneration>(
    _ loader: FamilyLoader, _ tower: QwenVisionConfiguration, of generation: Generation.Type
  ) throws(VLMError) {
    let name = try wrapping { () throws(CheckpointError) in try loader.processorFile() }
    let images = try QwenProcessorSection(loader, file: name, section: "image_processor")
    let own = "video_preprocessor_config.json"
    let videos: QwenProcessorSection? =
      if let nested = try QwenProcessorSection(loader, nestedIn: "processor_config.json", section: "video_processor") {
        nested
      } else if loader.folder.contains(own) {
        try QwenProcessorSection(loader, file: own, section: "video_processor")
      } else { nil }
    image = try images.processor(defaults: .init(), tower)
    video = try (videos ?? images).processor(
      defaults: generation.video, tower, readsPixelBounds: !generation.sharesVideoArea)
    sampling = try (videos ?? images).sampling(generation.spacing)
  }
}

/// The keys of one processor, and their file.
private struct QwenProcessorSection {
  let reader: JSONReader<ImageError>
  let file: String

  /// The section of a file that nests it, or the file's root.
  init(_ loader: FamilyLoader, file name: String, section: String) throws(VLMError) {
    if let nested = try QwenProcessorSection(loader, nestedIn: name, section: section) {
      self = nested
      return
    }
    let json = try wrapping { () throws(CheckpointError) in try loader.folder.json(name) }
    file = loader.folder.file(name)
    do { reader = try JSONReader(json, file: name) } catch { throw .image(error, file: file) }
  }

  /// Nil where the file or the section is absent.
  init?(_ loader: FamilyLoader, nestedIn name: String, section: String) throws(VLMError) {
    guard loader.folder.contains(name) else { return nil }
    let json = try wrapping { () throws(CheckpointError) in try loader.folder.json(name) }
    guard let nested = json[section], !nested.isNull else { return nil }
    file = loader.folder.file(name)
    do { reader = try JSONReader(nested, file: name) } catch { throw .image(error, file: file) }
  }

  /// The processor, which must cut pictures as the tower reads them.
  func processor(
    defaults: NativeResolutionConfiguration, _ tower: QwenVisionConfiguration, readsPixelBounds: Bool = true
  ) throws(VLMError) -> NativeResolutionProcessor {
    let configuration: NativeResolutionConfiguration
    do {
      configuration = try NativeResolutionConfiguration(
        reader, defaults: defaults, readsPixelBounds: readsPixelBounds)
    } catch { throw .image(error, file: file) }
    for (key, found, wanted) in [
      ("patch_size", configuration.patchSize, tower.patchSize),
      ("merge_size", configuration.mergeSize, tower.mergeSize),
    ] where found != wanted {
      throw .configuration(key: key, found: "\(found)", expected: "the vision tower's \(wanted)", file: file)
    }
    do { return try NativeResolutionProcessor(configuration: configuration) } catch { throw .image(error, file: file) }
  }

  func sampling(_ spacing: FrameSampling.Spacing) throws(VLMError) -> FrameSampling {
    do throws(ImageError) {
      if let count = reader.present("num_frames") { throw reader.unusable("num_frames", count, "null: fps decides") }
      // Frames are taken in pairs.
      let fewest = spacing == .fromStart ? 2 : 1
      let least = try reader.integer("min_frames", default: 4, in: fewest...65_536)
      return .rate(
        try reader.number("fps", default: FrameTimes.standardRate), least: least,
        most: try reader.integer("max_frames", default: 768, in: least...65_536), spacing: spacing)
    } catch { throw .image(error, file: file) }
  }
}
