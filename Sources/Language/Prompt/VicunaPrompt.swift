/// `USER: <image>\n{question} ASSISTANT:`, as LLaVA-1.5's chat template writes it.
public struct VicunaPrompt: PromptTemplate {
  public let name = "vicuna"

  public init() {}

  public func text(turns: [Turn], system: String?, placeholder: (PictureKind) -> String) -> String {
    var text = system.map { "\($0) " } ?? ""
    for turn in turns {
      text += "USER: \(content(of: turn, placeholder)) ASSISTANT:"
      if let answer = turn.answer { text += " \(answer) " }
    }
    return text
  }
}
