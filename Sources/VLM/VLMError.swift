import Checkpoint
import Images
import Language
import Pruning
import Tokenizer

/// What can go wrong between a checkpoint, pictures and a question, and an answer.
public enum VLMError: Error, Sendable {
  case checkpoint(CheckpointError)
  case pruning(PruningError)
  /// `folder` is the checkpoint's.
  case tokenizer(TokenizerError, folder: String)
  /// A picture that cannot be used; `file` as the user named it.
  case image(ImageError, file: String)
  /// A path that cannot be read, or is not a file.
  case unreadable(file: String, reason: String)
  /// A model type that no family here serves.
  case unsupportedModel(type: String, file: String, supported: [String])
  /// The checkpoint's own chat template is not one that is known here.
  case unknownTemplate(file: String, reason: String)
  case unknownTemplateName(String, known: [String])
  /// The model was loaded without a template, for full prompts only.
  case noTemplate
  /// The checkpoint's template writes no system text, or writes it in its own way.
  case noSystemText(origin: String)
  /// An original checkpoint of LLaVA's authors, whose layout transformers converts.
  case originalLayout(type: String, file: String)
  /// The tokenizer does not know the placeholder of an image, or gives it another number.
  case imageToken(reason: String, file: String)
  case tokenOutsideVocabulary(token: Int, vocabulary: Int)
  /// The numbers of image placeholders in the prompt and of pictures differ.
  case placeholders(found: Int, pictures: Int, placeholder: String)
  /// The prompt's placeholders are of other kinds than the pictures, in order.
  case placeholderOrder(found: [PictureKind], pictures: [PictureKind])
  /// A grid of crops was requested from a family that does not cut pictures.
  case noCrops(family: String)
  /// A video was given to a family that reads images only.
  case noVideos(file: String, family: String)
  /// A bound on visual tokens was given to a family whose pictures all have one size.
  case fixedResolution(family: String)
  /// A bound on visual tokens that is none.
  case visualTokenBound(Int)
  /// A bound on visual tokens that leaves none to some of a video's views.
  case boundTooSmall(bound: Int, smallest: Int, file: String)
  /// A list of more frames than the family reads.
  case tooManyFrames(found: Int, most: Int, file: String)
  case emptyQuestion
  /// The question itself holds an image's placeholder.
  case placeholderInQuestion(String)
  /// `fitting` is the budget per picture that would leave room; nil when the text alone is too long.
  case promptTooLong(tokens: Int, context: Int, fitting: Int?)
  case unknownModel(name: String)
  /// The arithmetic overflowed: the weights are damaged.
  case notFinite(stage: String)
  /// The caller no longer wanted the result.
  case cancelled
  /// CLIP's text tower belongs to a vision tower of another width.
  case foreignTextTower(folder: String, expected: Int, found: Int)

  /// Whether the caller asked for something impossible (exit 2), as opposed to bad data (exit 1).
  public var isUsageError: Bool {
    switch self {
    case .pruning(let error): error.isUsageError
    case .emptyQuestion, .placeholderInQuestion, .noCrops, .unknownTemplateName, .noSystemText, .fixedResolution,
      .boundTooSmall, .visualTokenBound:
      true
    default: false
    }
  }

  private static func list(_ kinds: [PictureKind]) -> String { kinds.map(\.rawValue).joined(separator: ", ") }

  /// One line: what is wrong, and where.
  public var message: String {
    switch self {
    case .checkpoint(let error): error.message
    case .pruning(let error): error.message
    case .tokenizer(let error, let folder): "\(folder)/\(error.message)"
    case .image(let error, let file): "\(file): \(error.message)"
    case .unreadable(let file, let reason): "cannot read \(file): \(reason)"
    case .unsupportedModel(let type, let file, _):
      "\(file) describes a model of type \"\(type)\", which is not supported"
    case .unknownTemplate(let file, let reason): "\(file): the prompt's template is not known: \(reason)"
    case .unknownTemplateName(let name, _): "there is no template \"\(name)\""
    case .noTemplate: "the model was loaded without a template for prompts"
    case .noSystemText(let origin): "the checkpoint's template (\(origin)) takes no system text"
    case .originalLayout(let type, let file):
      "\(file) describes a model of type \"\(type)\": the original layout of LLaVA's authors"
    case .imageToken(let reason, let file): "\(file): \(reason)"
    case .tokenOutsideVocabulary(let token, let vocabulary):
      "the tokenizer gives token \(token), but the model has only \(vocabulary)"
    case .placeholders(let found, let pictures, _):
      "the prompt has \(found) image placeholder\(found == 1 ? "" : "s") for "
        + "\(pictures) image\(pictures == 1 ? "" : "s")"
    case .placeholderOrder(let found, let pictures):
      "the prompt has placeholders for \(Self.list(found)), but the pictures are \(Self.list(pictures))"
    case .noCrops(let family): "models of family \(family) do not cut pictures into crops"
    case .noVideos(let file, let family): "\(file) is a video, and models of family \(family) do not read videos"
    case .visualTokenBound(let bound): "a picture cannot be bounded to \(bound) visual tokens"
    case .fixedResolution(let family):
      "models of family \(family) read every picture at one size, so no number of visual tokens bounds it"
    case .boundTooSmall(let bound, let smallest, let file):
      "\(bound) visual tokens are fewer than the \(smallest) pairs of frames of \(file)"
    case .tooManyFrames(let found, let most, let file):
      "\(file) has \(found) frames, and models of this family read at most \(most)"
    case .emptyQuestion: "the question is empty"
    case .placeholderInQuestion(let text): "the question contains \(text), which stands for an image"
    case .promptTooLong(let tokens, let context, _):
      "the prompt has \(tokens) tokens, but the model's context holds \(context)"
    case .unknownModel(let name): "there is no model \(name) here"
    case .notFinite(let stage): "\(stage) gave numbers that are not finite"
    case .cancelled: "the work was cancelled"
    case .foreignTextTower(let folder, let expected, let found):
      "the text tower in \(folder) belongs to a vision tower of width \(expected), and this model's has \(found)"
    }
  }

  /// One line: what to do.
  public var hint: String {
    switch self {
    case .checkpoint(let error): error.hint
    case .pruning(let error): error.hint
    case .tokenizer(let error, _): error.hint
    case .image(let error, _): error.hint
    case .unreadable: "check the path and its permissions"
    case .unsupportedModel(_, _, let supported): "supported model types: \(supported.joined(separator: ", "))"
    case .unknownTemplate:
      "name the template with --template (\(TemplateCatalogue.names.joined(separator: ", "))), "
        + "or write the whole prompt with --raw-prompt"
    case .unknownTemplateName(_, let known): "the templates are \(known.joined(separator: ", "))"
    case .noTemplate: "give the whole prompt, or load the model with a template"
    case .noSystemText: "leave --system out, or write the whole prompt with --raw-prompt"
    case .originalLayout:
      "take the checkpoint that was converted for transformers: its name ends with -hf, "
        + "such as llava-hf/llava-1.5-7b-hf"
    case .imageToken, .tokenOutsideVocabulary: "tokenizer.json and config.json do not belong together"
    case .placeholderOrder: "write one placeholder for each image and each video, of its kind, in their order"
    case .noCrops: "leave --grid out, or use a model of family llava_next"
    case .noVideos: "use a model of family video_llava or qwen2_5_vl, or give single images"
    case .placeholders(_, _, let placeholder): "write \(placeholder) once for each image, in their order"
    case .visualTokenBound:
      "give from \(PictureOptions.visualTokenBounds.lowerBound) to \(PictureOptions.visualTokenBounds.upperBound)"
    case .fixedResolution: "leave --max-visual-tokens out; --keep bounds what the decoder reads"
    case .boundTooSmall(_, let smallest, _): "give --max-visual-tokens at least \(smallest)"
    case .tooManyFrames: "leave frames out, and say with --fps how many a second remain"
    case .emptyQuestion: "ask something: -q \"What is in the picture?\""
    case .placeholderInQuestion: "leave it out, or give the whole prompt with --raw-prompt"
    case .promptTooLong(_, _, let fitting?): "--keep \(fitting) would fit; or shorten the question"
    case .promptTooLong(_, _, nil): "shorten the question: the text alone fills the context"
    case .unknownModel(let name):
      name.split(separator: "/").count == 2 && !name.hasPrefix("/") && !name.hasPrefix(".")
        ? "download it: hf download \(name)"
        : "give the folder of a Hugging Face checkpoint, or a name such as llava-hf/llava-1.5-7b-hf"
    case .notFinite: "the weights are damaged: download the checkpoint again"
    case .cancelled: "start it again: nothing of it was kept"
    case .foreignTextTower: "name the CLIP checkpoint that the model's vision tower is from"
    }
  }
}

extension VLMError {
  /// A configuration key with a value that cannot be used.
  static func configuration(key: String, found: String, expected: String, file: String) -> VLMError {
    .checkpoint(.configurationKey(key: key, found: found, expected: expected, file: file))
  }
}

/// Runs `body` and turns a checkpoint's error into one of this module.
func wrapping<Result>(_ body: () throws(CheckpointError) -> Result) throws(VLMError) -> Result {
  do { return try body() } catch { throw .checkpoint(error) }
}

/// Runs `body` and turns a strategy's error into one of this module.
func wrapping<Result>(_ body: () throws(PruningError) -> Result) throws(VLMError) -> Result {
  do { return try body() } catch { throw .pruning(error) }
}
