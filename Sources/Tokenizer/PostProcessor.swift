/// The section `post_processor`: the special tokens that frame a single text.
struct PostProcessor: Sendable {
  private(set) var before: [Int] = []
  private(set) var after: [Int] = []
  private var hasFrame = false

  /// Reads the section; nil is no frame. Ids must lie below `vocabularySize`, because a model looks them up.
  init(_ section: TokenizerSection?, vocabularySize: Int) throws(TokenizerError) {
    guard let section else { return }
    try read(section)
    for id in before + after where !(0..<vocabularySize).contains(id) {
      throw section.invalid("id \(id) is no token")
    }
  }

  private mutating func read(_ section: TokenizerSection) throws(TokenizerError) {
    switch try section.type {
    case "Sequence": for part in try section.parts("processors") { try read(part) }
    // Corrects offsets only, and there are none here.
    case "ByteLevel": break
    case "TemplateProcessing":
      try beginFrame(section)
      try readTemplate(section)
    case "RobertaProcessing", "BertProcessing":
      try beginFrame(section)
      before = [try Self.token("cls", of: section)]
      after = [try Self.token("sep", of: section)]
    case let type: throw section.unsupported(type)
    }
  }

  /// The reference passes the first frame's result to a second frame as a pair of texts, which no file intends.
  private mutating func beginFrame(_ section: TokenizerSection) throws(TokenizerError) {
    guard !hasFrame else { throw section.unsupported("a second frame") }
    hasFrame = true
  }

  /// A token given as [text, id].
  private static func token(_ key: String, of section: TokenizerSection) throws(TokenizerError) -> Int {
    let pair = try section.elements(key).map { $0 }
    guard pair.count == 2, let id = pair[1].integer else {
      throw section.invalid("\"\(key)\" is no pair of a text and an id")
    }
    return id
  }

  private mutating func readTemplate(_ section: TokenizerSection) throws(TokenizerError) {
    var sequences = 0
    let tokens = try TokenizerSection(section.name, try section.required("special_tokens"))
    for piece in try section.elements("single") {
      if let token = piece["SpecialToken"] {
        let name = try TokenizerSection(section.name, token).string("id")
        let ids = try TokenizerSection(section.name, tokens.required(name)).integers("ids")
        if sequences == 0 { before += ids } else { after += ids }
      } else if piece["Sequence"] != nil {
        sequences += 1
      } else {
        throw section.invalid("a piece of the template is neither a token nor a sequence")
      }
    }
    guard sequences == 1 else { throw section.unsupported("a template with \(sequences) sequences") }
  }
}
