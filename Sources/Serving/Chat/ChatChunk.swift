import Basics
import VLM

/// A piece of an answer, as OpenAI streams it.
struct ChatChunk: Encodable {
  struct Delta: Encodable {
    var role: String?
    var content: String?
  }

  struct Choice: Encodable {
    let index = 0
    let delta: Delta
    let finishReason: Nullable<String>
    let logprobs = Nullable<String>(nil)
  }

  /// What all chunks of an answer say.
  struct Head {
    let id: String
    let model: String
    let created: Int
    /// Whether usage comes at the end; it is null before.
    let saysUsage: Bool
  }

  let id, model: String
  let object = "chat.completion.chunk"
  let created: Int
  let choices: [Choice]
  let usage: Nullable<ChatUsage>?
  let vlmprune: ChatPruning?

  /// A piece of the text, the role before it, or the end.
  init(_ head: Head, delta: Delta, finishReason: String? = nil, pruning: ChatPruning? = nil) {
    self.init(
      head, choices: [Choice(delta: delta, finishReason: Nullable(finishReason))], usage: nil, pruning: pruning)
  }

  /// What the answer cost.
  init(_ head: Head, usage: ChatUsage) { self.init(head, choices: [], usage: usage, pruning: nil) }

  private init(_ head: Head, choices: [Choice], usage: ChatUsage?, pruning: ChatPruning?) {
    (id, model, created) = (head.id, head.model, head.created)
    self.choices = choices
    self.usage = head.saysUsage ? Nullable(usage) : nil
    vlmprune = pruning
  }
}
