#if Server
  import Foundation
  import TestSupport
  import Testing

  @Suite struct `serve` {
    /// A server that runs until it is told to stop.
    private final class Running {
      let scratch: Scratch
      let child: ChildProcess
      let url: String

      init(_ arguments: [String], line: String? = nil) throws {
        var command = Command(arguments)
        command.line = line
        command.environment["VLMPRUNE_HOME"] = classic
        scratch = try Scratch()
        command.environment["XDG_CACHE_HOME"] = scratch.path("cache")
        child = try ChildProcess(
          command.command, environment: command.completeEnvironment(home: scratch.folder), input: .file("/dev/null"),
          output: .file(scratch.path("out")), errors: scratch.path("err"))
        let deadline = ContinuousClock.now + .seconds(60)
        var found: String?
        while found == nil, ContinuousClock.now < deadline {
          let text = (try? String(contentsOfFile: scratch.path("err"), encoding: .utf8)) ?? ""
          found = text.firstMatch(of: #/listening on (http://127\.0\.0\.1:\d+)\n/#).map { String($0.1) }
          usleep(1000)
        }
        url = found ?? ""
      }

      /// Zero where nobody answers.
      func get(_ path: String) -> (status: Int, body: String) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(url.split(separator: ":").last.flatMap { UInt16($0) } ?? 0).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let status = withUnsafePointer(to: &address) {
          $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
          }
        }
        let request = Array("GET \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".utf8)
        guard status == 0, send(descriptor, request, request.count, Int32(MSG_NOSIGNAL)) == request.count
        else { return (0, "") }
        var (bytes, piece) = ([UInt8](), [UInt8](repeating: 0, count: 65536))
        while case let count = recv(descriptor, &piece, piece.count, 0), count > 0 { bytes += piece[..<count] }
        let parts = String(decoding: bytes, as: UTF8.self).components(separatedBy: "\r\n\r\n")
        return (Int(parts[0].split(separator: " ").dropFirst().first ?? "") ?? 0, parts.dropFirst().joined())
      }

      /// Until the model is loaded.
      func waitUntilReady() {
        let deadline = ContinuousClock.now + .seconds(60)
        while get("/ready").status != 200, ContinuousClock.now < deadline {}
      }
    }

    @Test(arguments: [SIGTERM, SIGINT])
    func `says where it listens, answers, and ends with 0 when asked to`(signal: Int32) throws {
      let server = try Running(["serve", "--port", "0"])
      server.waitUntilReady()
      let models = server.get("/v1/models")
      // A folder is known by its own name: clients are not told where it lies.
      #expect(models.status == 200 && models.body.contains("\"shapes-llava\"") && !models.body.contains("/"))
      #expect(server.get("/metrics").status == 404)
      server.child.signal(signal)
      #expect(server.child.wait(seconds: 60).exitCode == 0)
      #expect(try server.scratch.bytes("out").isEmpty)
    }

    /// Whether Python has the package.
    private static let hasOpenAI = python(["-c", "import openai"]) == 0

    private static func python(_ arguments: [String]) -> Int32? {
      let own = ProcessInfo.processInfo.environment
      let variables = ["PATH": own["PATH"] ?? "/usr/bin:/bin", "PYTHONPATH": own["PYTHONPATH"] ?? ""]
      let child = try? ChildProcess(
        ["/usr/bin/env", "python3"] + arguments, environment: variables, input: .file("/dev/null"),
        output: .file("/dev/null"), errors: "/dev/null")
      return child?.wait(seconds: 60).exitCode
    }

    @Test(.enabled(if: hasOpenAI, "Python has no package openai"))
    func `the openai client is content with it`() throws {
      let server = try Running(["serve", "--port", "0"])
      server.waitUntilReady()
      let script = Fixtures.root.appending(path: "scripts/openai_client.py").path
      #expect(Self.python([script, server.url, Fixtures.image("scene.png").path]) == 0)
      server.child.signal(SIGTERM)
      #expect(server.child.wait(seconds: 60).exitCode == 0)
    }

    @Test
    func `its example runs`() throws {
      let help = try expectSuccess(Command("serve", "--help")).text
      let example = try #require(help.firstMatch(of: #/Example:\n *vlmprune (serve[^\n]*)/#)).1
      let server = try Running([], line: "exec \"$0\" \(example) --port 0")
      server.waitUntilReady()
      #expect(server.get("/metrics").body.contains("vlmprune_queue_length 0"))
      server.child.signal(SIGTERM)
      #expect(server.child.wait(seconds: 60).exitCode == 0)
    }

    @Test
    func `refuses options that make no server`() throws {
      for (arguments, name) in [
        (["--port", "65536"], "--port"), (["--port", "-1"], "--port"), (["--host", "0.0.0.0"], "key"),
        (["--host", "192.168.0.1"], "key"), (["--strategy", "nothing"], "nothing"), (["--keep", "120%"], "120%"),
        (["--queue", "-1"], "--queue"), (["--parallel", "0"], "--parallel"),
        (["--allow-origin", "x"], "--allow-origin"),
        (["--media-path", "/nowhere"], "--media-path"), (["--json"], "--json"), (["--host", ""], "--host"),
      ] { try expectFailure(Command(["serve", "--port", "0"] + arguments), exitCode: 2, naming: name) }
      try expectFailure(
        Command("serve", "--port", "0", "--api-key-file", "/nowhere"), exitCode: 1, naming: "/nowhere")
      try expectFailure(Command("serve", "--port", "0", "--model", "/nowhere"), exitCode: 1, naming: "/nowhere")
    }

    @Test
    func `a port in use is an error`() throws {
      let server = try Running(["serve", "--port", "0"])
      let port = try #require(server.url.split(separator: ":").last)
      var second = Command("serve", "--port", String(port))
      second.environment["VLMPRUNE_HOME"] = classic
      try expectFailure(second, exitCode: 1, naming: "cannot listen on 127.0.0.1:\(port)")
      server.child.signal(SIGTERM)
      #expect(server.child.wait(seconds: 60).exitCode == 0)
    }
  }
#endif
