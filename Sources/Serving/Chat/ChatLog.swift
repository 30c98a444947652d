#if Server
  import Logging
  import VLM

  /// The log's line of a chat request, and its count: neither holds anything of the question.
  struct ChatLog: Sendable {
    let metrics: ServingMetrics
    let logger: Logger
    private let start = ContinuousClock.now

    init(metrics: ServingMetrics, logger: Logger) {
      self.metrics = metrics
      self.logger = logger
    }

    func end(status: Int, answer: ServedAnswer? = nil, isStream: Bool = false) {
      metrics.count(status: status)
      var facts: Logger.Metadata = [
        "route": "chat", "status": "\(status)", "ms": "\(Int((ContinuousClock.now - start) / .milliseconds(1)))",
      ]
      if isStream { facts["stream"] = "true" }
      if let answer {
        metrics.count(answer)
        facts["strategy"] = "\(answer.record.strategy.name)"
        facts["prompt_tokens"] = "\(answer.record.promptLength)"
        facts["cached_tokens"] = "\(answer.cachedTokens)"
        facts["generated_tokens"] = "\(answer.record.generatedTokens)"
        facts["visual_tokens"] = "\(answer.record.visualTokens)"
        facts["kept_tokens"] = "\(answer.record.keptTokens)"
      }
      logger.info("request", metadata: facts)
    }
  }

  extension RequestError {
    /// For the log and the counts: nobody reads it. The number is nginx's.
    static let clientLeft = RequestError("the client left", hint: "", status: 499)
  }
#endif
