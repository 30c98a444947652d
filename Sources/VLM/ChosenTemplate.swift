import Checkpoint
import Language
import Tokenizer

/// How the prompt's template is found.
public enum TemplateChoice: Sendable, Hashable {
  /// The checkpoint's own chat template decides; one that is not known is an error.
  case recognised
  /// By its name in `TemplateCatalogue`.
  case named(String)
  /// None: every prompt will be given in full.
  case none
}

/// The template that prompts are written with, and where it comes from.
public struct ChosenTemplate: Sendable {
  public let template: any PromptTemplate
  /// A file of the checkpoint, or what was decided without one.
  public let origin: String
  /// Whether a system text can be written as the checkpoint's own template writes it.
  public let takesSystem: Bool
  /// A reason to doubt the choice; nil if there is none.
  var doubt: String?
}

extension FamilyLoader {
  /// Finds the template. A checkpoint that has none gets its family's own, with a note if its tokenizer contradicts it.
  /// - Parameters:
  ///   - standard: what the family's published checkpoints are trained with.
  ///   - placeholders: what the template writes for each kind of picture that it must write.
  /// - Throws: `unknownTemplate`, which names the file and the reason.
  func chosenTemplate(
    _ tokenizer: Tokenizer, standard: any PromptTemplate, placeholders: [PictureKind: String] = [.image: "<image>"]
  ) throws(VLMError) -> ChosenTemplate? {
    switch template {
    case .none: return nil
    case .named(let name):
      guard let named = TemplateCatalogue.template(named: name) else {
        throw .unknownTemplateName(name, known: TemplateCatalogue.names)
      }
      return ChosenTemplate(template: named, origin: "--template", takesSystem: true)
    case .recognised: break
    }
    guard let (source, file) = try wrapping({ () throws(CheckpointError) in try chatTemplate() }) else {
      return withoutFile(tokenizer, standard: standard)
    }
    let names = try wrapping { () throws(CheckpointError) in try specialTokens() }
    do {
      let match = try TemplateRecognition.recognise(source, specialTokens: names, placeholders: placeholders)
      return ChosenTemplate(template: match.template, origin: file, takesSystem: match.takesSystem)
    } catch {
      throw .unknownTemplate(file: folder.file(file), reason: error.reason)
    }
  }

  private func withoutFile(_ tokenizer: Tokenizer, standard: any PromptTemplate) -> ChosenTemplate {
    let foreign = [(ChatMLPrompt.startToken, "chatml"), (Llama3Prompt.headerToken, "llama3")]
      .first { tokenizer.id(of: $0.0) != nil && standard.name != $0.1 && !(standard is ChatMLPrompt) }
    return ChosenTemplate(
      template: standard, origin: "no chat template in the checkpoint: its family's own", takesSystem: true,
      doubt: foreign.map {
        "the checkpoint has no chat template, so prompts are written as \(standard.name), its family's own, although "
          + "its tokenizer knows \($0.0); --template \($0.1) writes them so"
      })
  }

  /// The chat template's text and its file, in transformers' order: the processor's own key, then the legacy file, then
  /// the present one, then the tokenizer's.
  private func chatTemplate() throws(CheckpointError) -> (source: String, file: String)? {
    if let text = try text(of: "chat_template", in: "processor_config.json") { return (text, "processor_config.json") }
    if let text = try text(of: "chat_template", in: "chat_template.json") { return (text, "chat_template.json") }
    if folder.contains("chat_template.jinja") {
      guard let text = String(validating: try folder.bytes("chat_template.jinja"), as: UTF8.self) else {
        throw .configuration(file: folder.file("chat_template.jinja"), reason: "it is not UTF-8 text")
      }
      return (text, "chat_template.jinja")
    }
    return try text(of: "chat_template", in: "tokenizer_config.json").map { ($0, "tokenizer_config.json") }
  }

  /// A string, or the string named "default" of a list of named ones.
  private func text(of key: String, in file: String) throws(CheckpointError) -> String? {
    guard folder.contains(file), let value = try folder.json(file)[key], !value.isNull else { return nil }
    if let text = value.string { return text }
    let named = value.elements?.first { $0["name"]?.string == "default" }?["template"]?.string
    guard let text = named ?? value["default"]?.string else {
      throw .configurationKey(
        key: key, found: "\(value.kind)", expected: "a template, or templates with one named default",
        file: folder.file(file))
    }
    return text
  }

  /// `bos_token`, `eos_token` and the like, which templates may name.
  private func specialTokens() throws(CheckpointError) -> [String: String] {
    var tokens: [String: String] = [:]
    for file in ["special_tokens_map.json", "tokenizer_config.json"] where folder.contains(file) {
      for member in try folder.json(file).members.map(Array.init) ?? [] where member.name.hasSuffix("_token") {
        tokens[member.name] = member.value.string ?? member.value["content"]?.string
      }
    }
    return tokens
  }
}
