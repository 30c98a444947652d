import Foundation
import Language
import Synchronization
import VLM

/// From a request's body to what the engine answers, on one thread beside the server's: a picture that takes long to
/// decode holds up no other connection, and no two pictures are decoded at a time.
final class ChatPreparation: Sendable {
  /// A request that the engine can take.
  struct Prepared: Sendable {
    let chat: ChatRequest
    let request: ServiceRequest
    /// Pixels that it holds until it is answered.
    let lease: PixelLease
  }

  private let media: MediaFolder?
  private let limits: ServingLimits
  private let ledger: PixelLedger
  private let queue = DispatchQueue(label: "vlmprune.requests")

  init(_ options: ServingOptions) {
    media = options.media
    limits = options.limits
    ledger = PixelLedger(limit: options.limits.pixels * options.limits.requestsOfPixels)
  }

  func prepare(_ body: [UInt8], for served: ServedModel) async throws(RequestError) -> Prepared {
    let result: Result<Prepared, RequestError> = await withCheckedContinuation { continuation in
      queue.async {
        continuation.resume(
          returning: Result { () throws(RequestError) in try self.prepared(body, for: served) })
      }
    }
    return try result.get()
  }

  private func prepared(_ body: [UInt8], for served: ServedModel) throws(RequestError) -> Prepared {
    let chat = try ChatBody.request(body, depth: limits.depth)
    try served.check(name: chat.model)
    let setting = try served.setting(for: chat)
    let options = try served.options(for: chat)
    guard chat.turns.last?.question.contains(where: { !$0.isWhitespace }) == true else {
      throw RequestError(refusing: .emptyQuestion)
    }
    let lease = PixelLease(ledger)
    let pictures = try pictures(of: chat, for: served, lease: lease)
    let turns = chat.turns.map { Turn(question: $0.question, pictures: $0.images.count, answer: $0.answer) }
    let request = ServiceRequest(
      system: chat.system ?? served.system, turns: turns, pictures: pictures, setting: setting, options: options)
    do { try served.model.check(request) } catch { throw RequestError(refusing: error) }
    return Prepared(chat: chat, request: request, lease: lease)
  }

  private func pictures(
    of chat: ChatRequest, for served: ServedModel, lease: PixelLease
  ) throws(RequestError) -> [Picture] {
    let urls = chat.turns.flatMap(\.images)
    guard urls.count <= limits.images else {
      throw RequestError(
        "the request has \(urls.count) pictures, and at most \(limits.images) are taken", hint: "send fewer pictures",
        parameter: "messages", code: "too_many_images")
    }
    var reading = served.reading
    var left = limits.pixels
    var pictures: [Picture] = []
    for (index, url) in urls.enumerated() {
      let bytes = try bytes(of: url)
      // A picture's header is compared with what the pictures before it left, before anything of it is decoded.
      reading.limits.maxPixels = min(served.reading.limits.maxPixels, max(left, 1))
      let picture: Picture
      do {
        picture = try served.model.picture(bytes, file: "picture \(index + 1)", options: reading)
      } catch { throw RequestError(refusing: error) }
      let pixels = picture.image.width * picture.image.height
      left -= pixels
      try lease.add(pixels)
      pictures.append(picture)
    }
    return pictures
  }

  private func bytes(of url: String) throws(RequestError) -> [UInt8] {
    if DataURL.isOne(url) {
      do { return try DataURL.bytes(of: url) } catch {
        throw RequestError(
          error.message, hint: error.hint, parameter: "messages", code: error.code, status: error.status)
      }
    }
    if url.lowercased().hasPrefix("file://") {
      guard let media else {
        throw RequestError(
          "file:// URLs are not read by this server", hint: "send the picture as a data: URL", parameter: "messages",
          code: "invalid_image_url")
      }
      return try media.bytes(of: url, limit: limits.bodyBytes)
    }
    throw RequestError(
      "the picture is neither a data: nor a file:// URL, and nothing is fetched here",
      hint: "download it, and send it as data:image/png;base64,…", parameter: "messages", code: "invalid_image_url")
  }
}

/// Counts the pixels that requests hold.
final class PixelLedger: Sendable {
  private let limit: Int
  private let held = Mutex(0)

  init(limit: Int) { self.limit = limit }

  /// A request alone is never too much.
  func take(_ pixels: Int) -> Bool {
    held.withLock { held in
      guard held == 0 || held + pixels <= limit else { return false }
      held += pixels
      return true
    }
  }

  func giveBack(_ pixels: Int) { held.withLock { $0 -= pixels } }
}

/// The pixels of one request, given back when it is forgotten.
final class PixelLease: Sendable {
  private let ledger: PixelLedger
  private let pixels = Mutex(0)

  init(_ ledger: PixelLedger) { self.ledger = ledger }

  deinit { ledger.giveBack(pixels.withLock { $0 }) }

  func add(_ count: Int) throws(RequestError) {
    guard ledger.take(count) else { throw .queueFull }
    pixels.withLock { $0 += count }
  }
}

extension RequestError {
  static let queueFull = RequestError(
    "too many requests wait already", hint: "try again later", code: "queue_full", status: 429)
  static let draining = RequestError(
    "the server is stopping", hint: "try again later", code: "stopping", status: 503)
  static let loading = RequestError(
    "the model is still loading", hint: "try again later: /health answers 200 then", code: "loading", status: 503)
}
