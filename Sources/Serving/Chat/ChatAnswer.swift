#if Server
  import Foundation
  import Hummingbird
  import NIOCore
  import VLM

  /// An answer on its way to its client. A client that leaves cancels it.
  struct ChatAnswer: Sendable {
    let served: ServedModel
    let prepared: ChatPreparation.Prepared
    let ticket: AnswerTicket
    let watch: ConnectionWatch
    let log: ChatLog

    private enum Item {
      case event(AnswerEvent)
      case ping
    }

    /// One object, when the answer is complete.
    func whole() async throws(RequestError) -> Response {
      watch.whenClosed(ticket.cancel)
      defer { watch.whenClosed(nil) }
      for await event in ticket.events {
        switch event {
        case .started, .text: continue
        case .failed(let error): throw RequestError(refusing: error)
        case .finished(let answer):
          log.end(status: 200, answer: answer)
          return Replies.json(
            ChatCompletion(
              answer.record, id: Self.newIdentifier(), model: served.id, cachedTokens: answer.cachedTokens,
              pictures: kept(answer)))
        }
      }
      throw .clientLeft
    }

    /// Pieces, as they become certain. Comments keep the connection alive while nothing comes.
    func write(to writer: inout any ResponseBodyWriter, pingTime: Duration) async throws {
      watch.whenClosed(ticket.cancel)
      let (items, feed) = AsyncStream<Item>.makeStream()
      let pump = Task { [events = ticket.events] in
        for await event in events { feed.yield(.event(event)) }
        feed.finish()
      }
      let pings = Task {
        while !Task.isCancelled {
          try await Task.sleep(for: pingTime)
          feed.yield(.ping)
        }
      }
      defer {
        pump.cancel()
        pings.cancel()
        ticket.cancel()
        watch.whenClosed(nil)
      }
      var end = (status: RequestError.clientLeft.status, answer: ServedAnswer?.none)
      defer { log.end(status: end.status, answer: end.answer, isStream: true) }
      let head = ChatChunk.Head(
        id: Self.newIdentifier(), model: served.id, created: Int(Date().timeIntervalSince1970),
        saysUsage: prepared.chat.streamsUsage)
      for await item in items {
        switch item {
        case .ping: try await writer.write(ByteBuffer(string: ": ping\n\n"))
        case .event(.started):
          try await writer.write(Self.data(ChatChunk(head, delta: ChatChunk.Delta(role: "assistant", content: ""))))
        case .event(.text(let piece)):
          try await writer.write(Self.data(ChatChunk(head, delta: ChatChunk.Delta(content: piece))))
        case .event(.failed(let error)):
          let error = RequestError(refusing: error)
          end.status = error.status
          try await writer.write(Self.data(["error": ChatError(error)]))
        case .event(.finished(let answer)):
          end = (200, answer)
          try await writer.write(contentsOf: last(answer, head: head))
        }
      }
      try await writer.finish(nil)
    }

    private func last(_ answer: ServedAnswer, head: ChatChunk.Head) -> [ByteBuffer] {
      let finish = ChatChunk(
        head, delta: ChatChunk.Delta(), finishReason: answer.record.finishReason.rawValue,
        pruning: ChatPruning(answer.record, pictures: kept(answer)))
      let usage = ChatUsage(answer.record, cachedTokens: answer.cachedTokens)
      return [Self.data(finish)] + (head.saysUsage ? [Self.data(ChatChunk(head, usage: usage))] : [])
        + [ByteBuffer(string: "data: [DONE]\n\n")]
    }

    private func kept(_ answer: ServedAnswer) -> [KeptPicture]? {
      guard prepared.chat.returnsKept else { return nil }
      return zip(answer.plans, prepared.request.pictures).map {
        served.model.kept($0, of: $1, packing: prepared.request.setting.packing)
      }
    }

    private static func data(_ value: some Encodable) -> ByteBuffer {
      var buffer = ByteBuffer(string: "data: ")
      buffer.writeBytes(ChatJSON.bytes(value))
      buffer.writeString("\n\n")
      return buffer
    }

    private static func newIdentifier() -> String {
      "chatcmpl-\(UUID().uuidString.lowercased().filter { $0 != "-" })"
    }
  }
#endif
