/// The section `decoder`: turns tokens into text, one at a time.
struct TokenDecoder: Sendable {
  private var stages: [any DecoderStage] = []
  /// The stages that follow see one text instead of tokens.
  private var isFused = false

  /// Reads the section; nil is no decoder: tokens are joined with spaces.
  init(_ section: TokenizerSection?) throws(TokenizerError) {
    guard let section else {
      stages = [JoinStage()]
      return
    }
    try read(section)
  }

  private mutating func read(_ section: TokenizerSection) throws(TokenizerError) {
    let type = try section.type
    switch type {
    case "Sequence":
      for part in try section.parts("decoders") { try read(part) }
      return
    case "Fuse":
      isFused = true
      return
    case "Strip":
      try readStrip(section)
      return
    case "Replace":
      guard let pattern = try section.literalPattern() else {
        throw section.unsupported("the pattern \(try section.expression())")
      }
      // A longer pattern might be split between the text so far and the text to come.
      guard !isFused || pattern.count == UTF8Text.length(from: pattern[0]) else {
        throw section.unsupported("Replace of several characters after Fuse")
      }
      stages.append(ReplaceStage(pattern: pattern, content: try section.utf8("content")))
      return
    default: break
    }
    guard !isFused else { throw section.unsupported("\(type) after Fuse") }
    switch type {
    case "ByteFallback": stages.append(ByteFallbackStage())
    case "ByteLevel":
      stages.append(ByteLevelStage())
      isFused = true
    case "Metaspace":
      let scheme = try PreTokenizer.PrependScheme(section)
      stages.append(MetaspaceStage(replacement: try section.character("replacement"), dropsNext: scheme != .never))
    case "BPEDecoder": stages.append(WordSuffixStage(suffix: try section.nonEmptyUTF8("suffix")))
    default: throw section.unsupported(type)
    }
  }

  private mutating func readStrip(_ section: TokenizerSection) throws(TokenizerError) {
    let content = try section.character("content")
    let (start, stop) = try (section.integer("start"), section.integer("stop"))
    guard start >= 0, stop >= 0 else { throw section.invalid("Strip takes away a negative number of characters") }
    if isFused {
      stages.append(StripTextStage(content: content, start: start, stop: stop))
    } else {
      stages.append(StripStage(content: content, start: start, stop: stop))
    }
  }

  /// Takes the next token; returns the text that is now certain.
  mutating func append(_ token: [UInt8]) -> [UInt8] { run([token], from: 0) }

  /// Returns the text that was held back: no token follows.
  mutating func finish() -> [UInt8] {
    var text: [UInt8] = []
    for index in stages.indices {
      var pieces: [[UInt8]] = []
      stages[index].finish(into: &pieces)
      text += run(pieces, from: index + 1)
    }
    return text
  }

  private mutating func run(_ pieces: [[UInt8]], from first: Int) -> [UInt8] {
    var pieces = pieces
    for index in first..<stages.count where !pieces.isEmpty {
      var output: [[UInt8]] = []
      for piece in pieces { stages[index].push(piece, into: &output) }
      pieces = output
    }
    return pieces.count == 1 ? pieces[0] : Array(pieces.joined())
  }
}
