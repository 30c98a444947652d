import Basics

/// What can be wrong with a `tokenizer.json`.
public enum TokenizerError: Error, Sendable, Hashable {
  /// The file is not JSON, or lacks a member, or a member has the wrong type.
  case json(JSONError)
  /// The file contradicts itself.
  case invalid(section: String, problem: String)
  /// The file asks for something that this tokenizer does not do.
  case unsupported(section: String, feature: String)

  /// One line: what is wrong.
  public var message: String {
    switch self {
    case .json(let error): "tokenizer.json: \(error.message)"
    case .invalid(let section, let problem): "tokenizer.json, \(section): \(problem)"
    case .unsupported(let section, let feature): "tokenizer.json, \(section): \(feature) is not supported"
    }
  }

  /// One line: what to do about it.
  public var hint: String {
    switch self {
    case .json(let error): error.hint
    case .invalid: "the file is damaged or edited: download it again from the model's page"
    case .unsupported: "use a model whose tokenizer is BPE in the style of LLaMA, GPT-2, Qwen2, LLaMA-3 or CLIP"
    }
  }
}
