import Foundation
import TestSupport
import Testing

@Suite struct `OpenAI's batch lines` {
  private func chat(_ id: String, _ body: String, method: String = "POST", url: String = "/v1/chat/completions")
    -> String
  {
    #"{"custom_id": \#(id), "method": "\#(method)", "url": "\#(url)", "body": \#(body)}"#
  }

  private func messages(_ content: String, _ more: String = "") -> String {
    #"{"messages": [{"role": "user", "content": \#(content)}]\#(more.isEmpty ? "" : ", \(more)")}"#
  }

  private let question = #"{"type": "text", "text": "What is this?"}"#
  private var picture: String { #"{"type": "image_url", "image_url": {"url": "\#(square)"}}"# }

  private func response(_ object: JSONObject) throws -> (status: Int, body: JSONObject) {
    _ = try expectKeys(object, ["custom_id", "error", "id", "response"])
    #expect(object["error"] is NSNull && object["id"] is String)
    let response = try expectKeys(object["response"], ["body", "request_id", "status_code"])
    return (try #require(response["status_code"] as? Int), try #require(response["body"] as? JSONObject))
  }

  @Test
  func `get an answer in OpenAI's form that is ask's`() throws {
    let png = "data:image/png;base64," + (try Data(contentsOf: URL(fileURLWithPath: square)).base64EncodedString())
    let lines = [
      chat("\"a\"", messages("[\(question), \(picture)]")),
      chat("\"b\"", messages(#"[{"type": "image_url", "image_url": "\#(png)"}, \#(question)]"#, #""max_tokens": 3"#)),
      chat("\"c\"", messages("[\(question), \(picture)]", #""prune": {"strategy": "fastervlm", "keep": 9}, "n": 1"#)),
      chat("4", messages("[\(question), \(picture)]", #""model": "tiny-classic", "user": "me", "tools": []"#)),
      chat(
        "null",
        messages(
          #"[\#(question), {"type": "image_url", "image_url": {"url": "\#(square)", "detail": "low"}}]"#,
          #""temperature": null, "seed": 3"#)),
    ]
    let objects = try expectSuccess(batch(lines)).objects()
    let expected = [
      ask("--json"), ask("--max-new-tokens", "3", "--json"), ask("--strategy", "fastervlm", "--keep", "9", "--json"),
      ask("--json"), ask("--keep", "11%", "--seed", "3", "--json"),
    ]
    for (object, command) in zip(objects, expected) {
      let (status, body) = try response(object)
      let report = try expectSuccess(command).json()
      let tokens = try #require(report["tokens"] as? JSONObject)
      let choice = try #require((body["choices"] as? [JSONObject])?.first)
      #expect(status == 200 && body["object"] as? String == "chat.completion")
      #expect((choice["message"] as? JSONObject)?["content"] as? String == report["answer"] as? String)
      #expect(choice["finish_reason"] as? String == report["finish_reason"] as? String)
      let usage = try #require(body["usage"] as? JSONObject)
      #expect(usage["prompt_tokens"] as? Int == tokens["prompt"] as? Int)
      #expect(usage["completion_tokens"] as? Int == tokens["generated"] as? Int)
      let pruning = try #require(body["vlmprune"] as? JSONObject)
      #expect(pruning["visual_kept"] as? Int == tokens["kept"] as? Int)
      #expect(pruning["strategy"] as? String == report["strategy"] as? String)
    }
    #expect(objects.count == 5 && objects[0]["custom_id"] as? String == "a" && objects[4]["custom_id"] is NSNull)
  }

  @Test
  func `stop cuts the answer before its text`() throws {
    let whole = try #require(try expectSuccess(ask("--json")).json()["answer"] as? String)
    let text = try #require(whole.dropFirst(whole.count / 2).first { $0.isLetter })
    let body = messages("[\(question), \(picture)]", #""stop": ["\#(text)"]"#)
    let (_, answer) = try response(expectSuccess(batch([chat("1", body)])).objects()[0])
    let choice = try #require((answer["choices"] as? [JSONObject])?.first)
    let content = try #require((choice["message"] as? JSONObject)?["content"] as? String)
    #expect(content == whole.prefix { $0 != text } && choice["finish_reason"] as? String == "stop")
  }

  @Test
  func `that fail say so with a status, in OpenAI's form`() throws {
    let good = messages("[\(question), \(picture)]")
    func with(_ more: String) -> String { messages("[\(question), \(picture)]", more) }
    func part(_ url: String) -> String {
      messages(#"[\#(question), {"type": "image_url", "image_url": {"url": "\#(url)"}}]"#)
    }
    let cases: [(String, Int, String)] = [
      (chat("1", good, method: "GET"), 400, "method"), (chat("1", good, url: "/v1/embeddings"), 400, "url"),
      (#"{"custom_id": 1, "method": "POST", "url": "/v1/chat/completions"}"#, 400, "body"),
      (chat("1", "[]"), 400, "body"), (chat("1", "{}"), 400, "messages"), (chat("1", with(#""n": 2"#)), 400, "n"),
      (chat("1", with(#""model": "gpt-4o""#)), 404, "gpt-4o"), (chat("1", with(#""logprobs": true"#)), 400, "logprobs"),
      (chat("1", with(#""tools": [{}]"#)), 400, "tools"), (chat("1", with(#""stream": true"#)), 400, "stream"),
      (chat("1", with(#""response_format": {"type": "json_object"}"#)), 400, "response_format"),
      (chat("1", with(#""max_tokens": 0"#)), 400, "max_tokens"),
      (chat("1", with(#""max_tokens": "5""#)), 400, "max_tokens"),
      (chat("1", with(#""temperature": 3"#)), 400, "temperature"), (chat("1", with(#""top_p": 0"#)), 400, "top_p"),
      (chat("1", with(#""stop": 3"#)), 400, "stop"), (chat("1", with(#""prune": 3"#)), 400, "prune"),
      (chat("1", with(#""prune": {"keep": []}"#)), 400, "prune.keep"),
      (chat("1", with(#""prune": {"keep": 1.0}"#)), 400, "prune.keep"),
      (chat("1", with(#""prune": {"keep": 26}"#)), 400, "25"), (chat("1", part("http://x/a.png")), 400, "http"),
      (chat("1", part("data:image/png;base64,iVBORw0KGgo=")), 422, "PNG"),
      (chat("1", part("/nowhere.png")), 400, "nowhere"),
      (chat("1", messages(#""  ""#)), 400, "question"),
      (chat("1", messages(#"[{"type": "input_audio"}]"#)), 400, "input_audio"),
      (
        chat("1", #"{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}"#), 400,
        "messages"
      ),
      (chat("1", #"{"messages": [{"role": "assistant", "content": "b"}]}"#), 400, "assistant"),
      (
        #"{"custom_id": 1, "method": "POST", "url": "/v1/chat/completions", "body": {}, "priority": 1}"#, 400,
        "priority"
      ),
    ]
    let objects = try expectSuccess(batch(cases.map(\.0))).objects()
    #expect(objects.count == cases.count)
    for (object, (text, status, fragment)) in zip(objects, cases) {
      let (found, body) = try response(object)
      let error = try expectKeys(body["error"], ["code", "message", "param", "type"])
      #expect(object["custom_id"] as? Int == 1)
      #expect(found == status && "\(error)".contains(fragment), "\(text): \(found) \(error)")
    }
  }
}
