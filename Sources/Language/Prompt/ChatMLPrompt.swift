/// ChatML's turns between `<|im_start|>` and `<|im_end|>`. Checkpoints differ in what comes between two turns, before a
/// turn's text and after a picture, and in the system text of a conversation that has none.
public struct ChatMLPrompt: PromptTemplate {
  /// The token that identifies a ChatML tokenizer.
  public static let startToken = "<|im_start|>"

  public let name: String
  /// What follows `<|im_end|>`.
  let separator: String
  /// What follows a role.
  let roleEnd: String
  /// What follows a picture.
  let pictureEnd: String
  /// The system text if the conversation has none.
  let defaultSystem: String?

  /// As LLaVA-NeXT's 34B checkpoint writes it: nothing between turns.
  public init() { self.init(name: "chatml") }

  init(
    name: String, separator: String = "", roleEnd: String = "\n", pictureEnd: String = "\n",
    defaultSystem: String? = nil
  ) {
    self.name = name
    self.separator = separator
    self.roleEnd = roleEnd
    self.pictureEnd = pictureEnd
    self.defaultSystem = defaultSystem
  }

  /// Qwen2-VL's and Qwen2.5-VL's: a line break between turns, none after a picture, and a default system text.
  public static let qwen = ChatMLPrompt(
    name: "qwen", separator: "\n", pictureEnd: "", defaultSystem: "You are a helpful assistant.")
  /// Qwen3-VL's: the same without a default system text.
  public static let qwen3 = ChatMLPrompt(name: "qwen3", separator: "\n", pictureEnd: "")

  public func text(turns: [Turn], system: String?, placeholder: (PictureKind) -> String) -> String {
    var text = (system ?? defaultSystem).map { turn("system", $0) } ?? ""
    for exchange in turns {
      let pictures = exchange.pictures.map { placeholder($0) + pictureEnd }.joined()
      text += turn("user", pictures + exchange.question) + "\(Self.startToken)assistant\n"
      if let answer = exchange.answer { text += "\(answer)<|im_end|>\(separator)" }
    }
    return text
  }

  private func turn(_ role: String, _ content: String) -> String {
    "\(Self.startToken)\(role)\(roleEnd)\(content)<|im_end|>\(separator)"
  }
}
