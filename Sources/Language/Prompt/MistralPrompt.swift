/// `[INST] <image>\n{question} [/INST]`, as Mistral's instructions and LLaVA-NeXT's chat template write it.
public struct MistralPrompt: PromptTemplate {
  public let name = "mistral"
  /// What follows the end of an answer, before the next turn: a space in LLaVA-NeXT's published template.
  let separator: String

  public init() { self.init(separator: " ") }

  init(separator: String) { self.separator = separator }

  public func text(turns: [Turn], system: String?, placeholder: (PictureKind) -> String) -> String {
    var text = system.map { "<<SYS>>\n\($0)\n<</SYS>>\n\n" } ?? ""
    for turn in turns {
      text += "[INST] \(content(of: turn, placeholder)) [/INST]"
      if let answer = turn.answer { text += " \(answer)</s>\(separator)" }
    }
    return text
  }
}
