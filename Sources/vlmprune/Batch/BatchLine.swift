import Basics
import VLM

/// A line of a batch: who asks, and what, or what is wrong with it.
struct BatchLine {
  enum Form {
    case own
    /// OpenAI's batch files.
    case chat
  }

  let number: Int
  let form: Form
  /// `id` or `custom_id` as JSON, as it was written; nil where the line has none that can be echoed.
  let identifier: [UInt8]?
  let request: Result<BatchRequest, RequestError>
  /// Bytes of the line.
  let size: Int

  init(_ line: LineReader.Line) {
    switch line {
    case .tooLong(let number):
      let limit = LineReader.longestLine >> 20
      self.init(
        number: number, form: .own, identifier: nil, size: 0,
        request: .failure(
          RequestError(
            "line \(number) is longer than \(limit) MiB", hint: "name the picture's file instead of sending it",
            status: 413)))
    case .bytes(let bytes, let number):
      do {
        let (object, identifier) = try Self.parse(bytes)
        let form: Form = BatchRequest.isChat(object) ? .chat : .own
        self.init(
          number: number, form: form, identifier: identifier, size: bytes.count,
          request: Self.request(object, form, number: number, identifier: identifier))
      } catch {
        self.init(
          number: number, form: .own, identifier: nil, size: bytes.count,
          request: .failure(
            RequestError("line \(number) is no JSON object: \(error.message)", hint: BatchRequest.example)))
      }
    }
  }

  private init(
    number: Int, form: Form, identifier: [UInt8]?, size: Int, request: Result<BatchRequest, RequestError>
  ) {
    self.number = number
    self.form = form
    self.identifier = identifier
    self.size = size
    self.request = request
  }

  private static func request(
    _ object: JSONValue, _ form: Form, number: Int, identifier: [UInt8]?
  ) -> Result<BatchRequest, RequestError> {
    Result { () throws(RequestError) in
      let request = try form == .chat ? BatchRequest(chatLine: object) : BatchRequest(line: object)
      guard identifier != nil else {
        let name = form == .chat ? "custom_id" : "id"
        throw RequestError(
          "line \(number) has no \(name) that is a text or a number", hint: "give every line an \(name) of its own",
          parameter: name)
      }
      return request
    }
  }

  private struct NoObject: Error {
    let message: String
  }

  private static let names = ["id", "custom_id"]

  /// The object of a line, and its id as it was written.
  private static func parse(_ text: [UInt8]) throws(NoObject) -> (JSONValue, [UInt8]?) {
    var (text, written) = (text, [UInt8]?.none)
    var object = Result { () throws(JSONError) in try JSONValue(parsing: text) }
    if case .failure(.numberOutOfRange(let offset)) = object {
      // An id is of any size: it is echoed, never computed with.
      let long = RawMembers(of: text).members.first {
        names.contains(String(decoding: text[$0.key], as: UTF8.self)) && $0.value.lowerBound == offset
      }
      if let long {
        written = [UInt8](text[long.value])
        text.replaceSubrange(long.value, with: [UInt8(ascii: "0")])
        object = Result { () throws(JSONError) in try JSONValue(parsing: text) }
      }
    }
    let value: JSONValue
    do { value = try object.get() } catch { throw NoObject(message: message(of: error)) }
    guard let members = value.members else { throw NoObject(message: "it is \(value.kind)") }
    let place = members.enumerated().first { names.contains($0.element.name) }
    guard let place, [.string, .integer, .number, .null].contains(place.element.value.kind) else { return (value, nil) }
    return (value, written ?? [UInt8](text[RawMembers(of: text).members[place.offset].value]))
  }

  /// A key of a line may be as long as the line.
  private static func message(of error: JSONError) -> String {
    guard case .duplicateKey(let key, let offset) = error else { return error.message }
    return JSONError.duplicateKey(RequestError.excerpt(key), offset: offset).message
  }
}
