#if Server
  import Testing

  @testable import Serving

  @Suite struct `Fields of a request` {
    /// A field, the status it gives, and the `param` of the error.
    static let cases: [(String, Int, String)] = [
      (#""max_tokens": 0"#, 400, "max_tokens"), (#""max_tokens": "5""#, 400, "max_tokens"),
      (#""max_completion_tokens": 1.5"#, 400, "max_completion_tokens"),
      (#""temperature": 2.1"#, 400, "temperature"), (#""temperature": -0.1"#, 400, "temperature"),
      (#""temperature": NaN"#, 400, "temperature"), (#""temperature": 1e999"#, 400, "temperature"),
      (#""top_p": 0"#, 400, "top_p"), (#""top_p": 1.1"#, 400, "top_p"), (#""n": 2"#, 400, "n"),
      (#""stop": 3"#, 400, "stop"), (#""stop": [3]"#, 400, "stop"), (#""stream": "yes""#, 400, "stream"),
      (#""stream_options": 1"#, 400, "stream_options"),
      (#""stream_options": {"include_usage": 1}"#, 400, "stream_options.include_usage"),
      (#""seed": "x""#, 400, "seed"), (#""logprobs": true"#, 400, "logprobs"), (#""tools": [{}]"#, 400, "tools"),
      (#""response_format": {"type": "json_object"}"#, 400, "response_format"), (#""model": 3"#, 400, "model"),
      (#""model": "gpt-4o""#, 404, "model"), (#""prune": 3"#, 400, "prune"),
      (#""prune": {"keep": []}"#, 400, "prune.keep"), (#""prune": {"keep": 0}"#, 400, "prune.keep"),
      (#""prune": {"keep": "120%"}"#, 400, "prune.keep"), (#""prune": {"keep": 26}"#, 400, "prune.keep"),
      (#""prune": {"keep": NaN}"#, 400, "prune.keep"), (#""prune": {"strategy": 3}"#, 400, "prune.strategy"),
      (#""prune": {"strategy": "nothing"}"#, 400, "prune.strategy"),
      (#""prune": {"strategy": "hiprune(alpha=9)", "keep": 9}"#, 400, "prune.strategy"),
      (#""prune": {"strategy": "none", "keep": 9}"#, 400, "prune.keep"),
      (#""prune": {"return_kept": 1}"#, 400, "prune.return_kept"),
    ]

    @Test
    func `that are wrong are refused by name, whole and streamed`() async throws {
      let server = try await TestServer.ready()
      for (field, status, parameter) in Self.cases {
        for more in ["", #", "stream": true"#] where !field.contains(#""stream""#) || more.isEmpty {
          let reply = try await server.chat(field + more)
          #expect(try reply.status == status && reply.error("param") == parameter, "\(field): \(reply.text)")
          let error = try reply.json()["error"]
          #expect(error?.members?.map(\.name).sorted() == ["code", "message", "param", "type"])
        }
      }
      #expect(try await server.chat(#""model": "gpt-4o""#).error("code") == "model_not_found")
      try await server.stop()
    }

    @Test
    func `that are null, unknown or harmless change nothing`() async throws {
      let server = try await TestServer.ready()
      let plain = try await server.chat().json()["choices"]
      for field in [
        #""max_tokens": null"#, #""model": "tiny-classic""#, #""user": "me", "metadata": {}, "x": [[1]]"#, #""n": 1"#,
        #""tools": []"#, #""logprobs": false"#, #""response_format": {"type": "text"}"#, #""stop": []"#,
      ] {
        let reply = try await server.chat(field)
        let text = try reply.json()["choices"]?.elements?.first { _ in true }?["message"]?["content"]?.string
        #expect(reply.status == 200, "\(field): \(reply.text)")
        #expect(text == plain?.elements?.first { _ in true }?["message"]?["content"]?.string, "\(field)")
      }
      try await server.stop()
    }

    @Test
    func `pictures that cannot be used say so`() async throws {
      let server = try await TestServer.ready()
      for (url, status, fragment) in [
        ("data:image/png;base64,!!!", 400, "base64"), ("data:image/png;base64,aGVsbG8=", 422, "not PNG"),
        ("data:image/png;base64,iVBORw0KGgo=", 422, "PNG"), ("http://127.0.0.1:1/a.png", 400, "nothing is fetched"),
        ("/etc/passwd", 400, "nothing is fetched"), ("file:///etc/passwd", 400, "not read"), ("", 400, "picture"),
        // A picture that claims 100000 × 100000 pixels.
        (
          "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgABhqAAAYagCAIAAAAnMJyfAAAACUlEQVR4nGMAAAABAAFe/3"
            + "35AAAAAElFTkSuQmCC", 422, "too large"
        ),
      ] {
        let reply = try await server.chat(url: url)
        #expect(reply.status == status && reply.text.contains(fragment), "\(url): \(reply.text)")
        #expect(try reply.error("param") == "messages")
      }
      let parts = Array(repeating: #"{"type": "image_url", "image_url": "\#(try TestServer.square())"}"#, count: 17)
      let content = #"[\#(parts.joined(separator: ",")), {"type": "text", "text": "a"}]"#
      let many = try await server.post(#"{"messages": [{"role": "user", "content": \#(content)}]}"#)
      #expect(try many.status == 400 && many.error("code") == "too_many_images")
      try await server.stop()
    }
  }
#endif
