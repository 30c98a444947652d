import Basics
import Checkpoint
import Images
import Kernels
import Language
import Tokenizer

/// A checkpoint's folder while a model is loaded: its files, and the readers that all families share.
public struct FamilyLoader: Sendable {
  public let folder: CheckpointFolder
  /// config.json.
  public let configuration: ConfigurationReader
  /// The model's name in results.
  public let name: String
  public let workers: Workers
  public let template: TemplateChoice

  init(
    _ folder: CheckpointFolder, configuration: JSONValue, name: String, workers: Workers, template: TemplateChoice
  ) throws(CheckpointError) {
    self.folder = folder
    self.configuration = try ConfigurationReader(configuration, file: folder.file("config.json"))
    self.name = name
    self.workers = workers
    self.template = template
  }

  /// tokenizer.json.
  func tokenizer() throws(VLMError) -> Tokenizer {
    let bytes = try wrapping { () throws(CheckpointError) in try folder.bytes("tokenizer.json") }
    do { return try Tokenizer(json: bytes) } catch { throw .tokenizer(error, folder: folder.path) }
  }

  /// The placeholder of a kind of picture, which tokenizer.json and config.json must number alike.
  func marker(
    of kind: PictureKind, in tokenizer: Tokenizer, default fallback: Int
  ) throws(VLMError) -> PictureMarker {
    let text = "<\(kind.rawValue)>"
    return PictureMarker(token: try number(of: text, for: kind.rawValue, in: tokenizer, default: fallback), text: text)
  }

  /// The number of a token that config.json calls `NAME_token_id` or `NAME_token_index`, and that tokenizer.json must
  /// number alike.
  func number(
    of text: String, for name: String, in tokenizer: Tokenizer, default fallback: Int
  ) throws(VLMError) -> Int {
    let file = folder.file("tokenizer.json")
    let expected = try wrapping { () throws(CheckpointError) in
      try configuration.integer(
        ["\(name)_token_index", "\(name)_token_id"], default: fallback, in: 0...16_777_216)
    }
    guard let number = tokenizer.id(of: text) else {
      throw .imageToken(reason: "the tokenizer has no \(name) token \(text)", file: file)
    }
    guard number == expected else {
      throw .imageToken(
        reason: "the tokenizer numbers \(text) \(number), but config.json says \(expected)", file: file)
    }
    return number
  }

  /// generation_config.json decides; without it, what transformers derives from the model's own configuration.
  /// - Parameter standard: the class default of the decoder's configuration.
  func endTokens(default standard: [Int] = [2]) throws(CheckpointError) -> Set<Int> {
    if folder.contains("generation_config.json") {
      let json = try folder.json("generation_config.json")
      let generation = try ConfigurationReader(json, file: folder.file("generation_config.json"))
      return Set(try generation.integers("eos_token_id", default: []))
    }
    if configuration.has("eos_token_id") { return Set(try configuration.integers("eos_token_id", default: [])) }
    return Set(try configuration.section("text_config").integers("eos_token_id", default: standard))
  }

  /// The file that describes the image processor: processor_config.json where it nests one, as transformers 5 saves
  /// them, and preprocessor_config.json elsewhere, as where that section is null.
  func processorFile() throws(CheckpointError) -> String {
    let (nesting, own) = ("processor_config.json", "preprocessor_config.json")
    guard folder.contains(nesting) else { return own }
    let reader = try ConfigurationReader(try folder.json(nesting), file: folder.file(nesting))
    if reader.has("image_processor") { return nesting }
    guard folder.contains(own) else {
      throw reader.error(
        "image_processor", found: reader.isNull("image_processor") ? "null" : "missing",
        expected: "an object, or a file \(own)")
    }
    return own
  }
}
