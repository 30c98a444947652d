/// The section `post_processor`: the special tokens that frame a single text.
struct PostProcessor: Sendable {
  private(set) var before: [Int] = []
  private(set) var after: [Int] = []

  /// Reads the section; nil is no frame.
  init(_ section: TokenizerSection?) throws(TokenizerError) {
    if let section { try read(section) }
  }

  private mutating func read(_ section: TokenizerSection) throws(TokenizerError) {
    switch try section.type {
    case "Sequence": for part in try section.parts("processors") { try read(part) }
    // Corrects offsets only, and there are none here.
    case "ByteLevel": break
    case "TemplateProcessing": try readTemplate(section)
    case "RobertaProcessing", "BertProcessing":
      before.insert(try Self.token("cls", of: section), at: 0)
      after.append(try Self.token("sep", of: section))
    case let type: throw section.unsupported(type)
    }
  }

  /// A token given as [text, id].
  private static func token(_ key: String, of section: TokenizerSection) throws(TokenizerError) -> Int {
    guard let id = try section.elements(key).map({ $0 }).last?.integer else {
      throw section.invalid("\"\(key)\" is no pair of a text and an id")
    }
    return id
  }

  private mutating func readTemplate(_ section: TokenizerSection) throws(TokenizerError) {
    var (newBefore, newAfter): ([Int], [Int]) = ([], [])
    var sequences = 0
    let tokens = TokenizerSection(section.name, try section.required("special_tokens"))
    for piece in try section.elements("single") {
      if let token = piece["SpecialToken"] {
        let name = try TokenizerSection(section.name, token).string("id")
        let ids = try TokenizerSection(section.name, tokens.required(name)).elements("ids").compactMap(\.integer)
        if sequences == 0 { newBefore += ids } else { newAfter += ids }
      } else if piece["Sequence"] != nil {
        sequences += 1
      } else {
        throw section.invalid("a piece of the template is neither a token nor a sequence")
      }
    }
    guard sequences == 1 else { throw section.unsupported("a template with \(sequences) sequences") }
    before = newBefore + before
    after += newAfter
  }
}
