#if Server
  import HTTPTypes
  import Hummingbird
  import NIOCore
  import VLM

  /// Responses in the forms that this server sends.
  enum Replies {
    static func json(
      _ value: some Encodable, status: HTTPResponse.Status = .ok, fields: HTTPFields = [:]
    ) -> Response {
      bytes(ChatJSON.bytes(value), type: "application/json", status: status, fields: fields)
    }

    static func text(_ text: String, type: String, fields: HTTPFields = [:]) -> Response {
      bytes(Array(text.utf8), type: type, status: .ok, fields: fields)
    }

    static func error(_ error: RequestError, fields: HTTPFields = [:]) -> Response {
      var fields = fields
      if error.status == 429 || error.status == 503 { fields[.retryAfter] = "1" }
      return json(["error": ChatError(error)], status: HTTPResponse.Status(code: error.status), fields: fields)
    }

    /// Server-sent events.
    static func events(_ write: @escaping @Sendable (inout any ResponseBodyWriter) async throws -> Void) -> Response {
      var fields = common
      fields[.contentType] = "text/event-stream; charset=utf-8"
      // Proxies that collect a response before they pass it on would hold the pieces back.
      if let buffering = HTTPField.Name("X-Accel-Buffering") { fields[buffering] = "no" }
      return Response(status: .ok, headers: fields, body: ResponseBody(write))
    }

    private static let common: HTTPFields = [.cacheControl: "no-store", .xContentTypeOptions: "nosniff"]

    private static func bytes(
      _ bytes: [UInt8], type: String, status: HTTPResponse.Status, fields: HTTPFields
    ) -> Response {
      var all = common
      for field in fields { all[field.name] = field.value }
      all[.contentType] = type
      return Response(status: status, headers: all, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }
  }
#endif
