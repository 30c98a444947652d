import ArgumentParser
import Foundation
import Serving
import VLM

#if Server
  import Logging
#endif

struct ServeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Answer OpenAI's chat completions over HTTP.",
    discussion: """
      A request's "prune": {"strategy": "hiprune", "keep": 64} says how its pictures
      are pruned; --strategy and --keep count where it says nothing. A page to try
      it is at /, a description of the interface at /openapi.json.

      Example:
        vlmprune serve --keep 25% --metrics
      """)

  @Option(name: .long, help: "Address to listen on; beyond this machine, keys are needed.")
  var host = "127.0.0.1"

  @Option(name: .long, parsing: .unconditional, help: "Port; 0 takes a free one.")
  var port = 8080

  @Option(name: .long, help: ArgumentHelp("Keys that clients must send, one a line.", valueName: "file"))
  var apiKeyFile: String?

  @Flag(name: .long, help: "Let everybody in who reaches a --host beyond this machine.")
  var noApiKey = false

  @Option(
    name: .long, help: ArgumentHelp("A page's origin that may use the server; may be repeated.", valueName: "url"))
  var allowOrigin: [String] = []

  @Option(
    name: .long, help: ArgumentHelp("Folder whose pictures requests may name by file://.", valueName: "dir"))
  var mediaPath: String?

  @Option(name: .long, parsing: .unconditional, help: "Requests that wait at most; the next one is refused.")
  var queue = 64

  @Option(name: .long, parsing: .unconditional, help: "Requests that are answered at a time.")
  var parallel = 1

  @Option(name: .long, parsing: .unconditional, help: ArgumentHelp("Largest body, in MiB.", valueName: "mib"))
  var maxBody = 20

  @Option(name: .long, parsing: .unconditional, help: "Most pictures of a request.")
  var maxImages = 16

  @Flag(name: .long, help: "Serve /metrics, for Prometheus.")
  var metrics = false

  @OptionGroup var options: RunOptions
  @OptionGroup var answer: AnswerOptions

  func validate() throws {
    guard (0...65535).contains(port) else { throw ValidationError("--port is \(port), expected 0 to 65535") }
    for (name, value, range) in [
      ("--queue", queue, 0...65536), ("--parallel", parallel, 1...64), ("--max-body", maxBody, 1...1024),
      ("--max-images", maxImages, 1...1024),
    ] where !range.contains(value) {
      throw ValidationError("\(name) is \(value), expected \(range.lowerBound) to \(range.upperBound)")
    }
    guard !host.isEmpty else { throw ValidationError("--host is empty") }
    guard apiKeyFile == nil || !noApiKey else {
      throw ValidationError("--api-key-file and --no-api-key exclude each other")
    }
    guard !options.json else { throw ValidationError("serve prints no result, so --json means nothing to it") }
    if let wrong = allowOrigin.first(where: { $0.wholeMatch(of: /https?:\/\/[^\/?#]+/) == nil }) {
      throw ValidationError("--allow-origin \(wrong) is no origin: write it as https://example.org")
    }
  }

  func run() throws {
    #if Server
      try serve()
    #else
      throw CommandFailure(
        message: "this vlmprune was built without its server",
        hint: "build it with the package trait Server, which swift build has on by default")
    #endif
  }
}

#if Server
  extension ServeCommand {
    private func serve() throws {
      ProcessMemory.shareHeap()
      let setting = try options.pruningSetting()
      let serving = try servingOptions()
      let reading = try options.pictureOptions()
      let generation = try answer.generation()
      _ = try ModelLocator.locate(options.model)
      let logger = Logger(label: "vlmprune") { StreamLogHandler.standardError(label: $0) }
      let server = ChatServer(serving, logger: logger) {
        let model = try options.loadModel()
        try options.check(setting, on: model)
        if parallel > 1 { StandardError.write("note: answers are written one by one, whatever --parallel says\n") }
        return ServedModel(
          id: Self.identifier(of: model.name), model: model,
          service: SerialService(model: model, queueLimit: queue), strategy: options.selection.strategy,
          keep: options.selection.keep, setting: setting, reading: reading, generation: generation,
          system: answer.system)
      }
      try run(server)
    }

    private func servingOptions() throws -> ServingOptions {
      var serving = ServingOptions(host: host, port: port, allowedOrigins: allowOrigin, showsMetrics: metrics)
      serving.returnMemory = ProcessMemory.returnFreed
      serving.keys = try keys()
      serving.media = try media()
      serving.limits.bodyBytes = maxBody << 20
      serving.limits.images = maxImages
      serving.limits.pixels = options.maxPixels
      guard serving.isLoopback || serving.keys != nil || noApiKey else {
        throw CommandFailure.usage(
          "--host \(host) is reached from other machines, and there is no key",
          hint: "give --api-key-file FILE, or say --no-api-key")
      }
      return serving
    }

    private func keys() throws -> APIKeys? {
      guard let apiKeyFile else { return nil }
      guard let keys = APIKeys(file: try InputFile.text(apiKeyFile)) else {
        throw CommandFailure(message: "\(apiKeyFile) holds no key", hint: "write one key a line")
      }
      return keys
    }

    private func media() throws -> MediaFolder? {
      guard let mediaPath else { return nil }
      guard let media = MediaFolder(mediaPath) else {
        throw CommandFailure.usage("--media-path \(mediaPath) is no folder", hint: "name the folder of the pictures")
      }
      return media
    }

    /// A folder's own name: clients are not told where it lies.
    private static func identifier(of name: String) -> String {
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: name, isDirectory: &isFolder) else { return name }
      return URL(fileURLWithPath: name).standardizedFileURL.lastPathComponent
    }

    /// Waits for the server's end. The first SIGTERM or Ctrl-C asks for it, the second does not wait.
    private func run(_ server: ChatServer) throws {
      let signals = StopSignals { server.stop() }
      defer { signals.cancel() }
      let end = ServerEnd()
      Task {
        do {
          try await server.run { StandardError.write("listening on \($0)\n") }
          end.finish(nil)
        } catch { end.finish(error) }
      }
      try end.wait()
    }
  }
#endif
