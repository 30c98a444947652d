#if Server
  import Basics
  import Foundation
  import HTTPTypes
  import Hummingbird
  import Pruning

  /// The page at "/": it asks this server, and loads nothing from anywhere else.
  enum Page {
    static var response: Response {
      var fields: HTTPFields = [.contentSecurityPolicy: policy]
      if let referrer = HTTPField.Name("Referrer-Policy") { fields[referrer] = "no-referrer" }
      return Replies.text(html, type: "text/html; charset=utf-8", fields: fields)
    }

    /// Nothing but the page's own style and program, pictures that the user chose, and this server.
    private static let policy = [
      "default-src 'none'", "style-src \(source(PageStyle.css))", "script-src \(source(PageProgram.text))",
      "img-src blob: data:", "connect-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
    ].joined(separator: "; ")

    private static let html = PageMarkup.text
      .replacing("{style}", with: PageStyle.css).replacing("{program}", with: PageProgram.text)
      .replacing("{strategies}", with: strategies)

    private static let strategies = StrategyCatalogue.standard.everyName.filter { $0 != "none" }.map { name in
      "<option\(name == StrategyCatalogue.defaultName ? " selected" : "")>\(name)</option>"
    }.joined()

    /// How a policy names a text: by its digest.
    private static func source(_ text: String) -> String {
      let digits = Array(SHA256.hexadecimal(text.utf8))
      let bytes = stride(from: 0, to: digits.count, by: 2).compactMap { UInt8(String(digits[$0...$0 + 1]), radix: 16) }
      return "'sha256-\(Data(bytes).base64EncodedString())'"
    }
  }
#endif
