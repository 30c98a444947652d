/// The ways of writing a conversation that are known here.
public enum TemplateCatalogue {
  /// By name, in the order in which they are listed.
  public static let all: [any PromptTemplate] = [
    VicunaPrompt(), MistralPrompt(), Llama3Prompt(), ChatMLPrompt(), ChatMLPrompt.qwen, ChatMLPrompt.qwen3,
  ]

  public static var names: [String] { all.map(\.name) }

  /// The template that a user names.
  public static func template(named name: String) -> (any PromptTemplate)? { all.first { $0.name == name } }

  /// Every spelling in which published checkpoints write the known ones, those themselves first.
  static var spellings: [any PromptTemplate] {
    let defaults = [nil, ChatMLPrompt.qwen.defaultSystem]
    let chatML = ["", "\n"].flatMap { separator in
      ["\n", ""].flatMap { pictureEnd in
        defaults.map { system in
          ChatMLPrompt(
            name: system == nil ? "chatml" : "qwen", separator: separator, pictureEnd: pictureEnd, defaultSystem: system
          )
        }
      }
    }
    return all + [MistralPrompt(separator: "")] + chatML
  }
}
