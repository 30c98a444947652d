/// LLaMA-3's turn headers; `<|begin_of_text|>` comes from the tokenizer.
public struct Llama3Prompt: PromptTemplate {
  /// The token that identifies a LLaMA-3 tokenizer.
  public static let headerToken = "<|start_header_id|>"

  public let name = "llama3"

  public init() {}

  public func text(turns: [Turn], system: String?, placeholder: (PictureKind) -> String) -> String {
    var text = system.map { Self.turn(of: "system", $0) } ?? ""
    for turn in turns {
      text += Self.turn(of: "user", content(of: turn, placeholder)) + Self.header("assistant")
      if let answer = turn.answer { text += "\(answer)<|eot_id|>" }
    }
    return text
  }

  private static func turn(of role: String, _ content: String) -> String { "\(header(role))\(content)<|eot_id|>" }

  private static func header(_ role: String) -> String { "\(headerToken)\(role)<|end_header_id|>\n\n" }
}
