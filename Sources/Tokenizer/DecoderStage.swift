/// One step from tokens to text, piece by piece: what goes in now may come out later, joined with what follows.
/// Pieces are valid UTF-8 on both sides.
protocol DecoderStage: Sendable {
  /// Takes the next piece and appends the pieces that are certain now.
  mutating func push(_ piece: [UInt8], into output: inout [[UInt8]])
  /// Appends what was held back: no piece follows.
  mutating func finish(into output: inout [[UInt8]])
}

extension DecoderStage {
  mutating func finish(into output: inout [[UInt8]]) {}
}

/// Puts a space between pieces: what the reference does without a decoder.
struct JoinStage: DecoderStage {
  private var isFirst = true

  mutating func push(_ piece: [UInt8], into output: inout [[UInt8]]) {
    output.append(isFirst ? piece : [UInt8(ascii: " ")] + piece)
    isFirst = false
  }
}

/// Replaces a text by another.
struct ReplaceStage: DecoderStage {
  let pattern: [UInt8]
  let content: [UInt8]

  func push(_ piece: [UInt8], into output: inout [[UInt8]]) {
    output.append(piece.replacing(pattern, with: content))
  }
}

/// Turns runs of tokens `<0x..>` into the characters that their bytes spell.
struct ByteFallbackStage: DecoderStage {
  private var bytes: [UInt8] = []

  mutating func push(_ piece: [UInt8], into output: inout [[UInt8]]) {
    if let byte = Self.byte(of: piece) {
      bytes.append(byte)
    } else {
      finish(into: &output)
      output.append(piece)
    }
  }

  /// A run is held until its end: if any of it is not UTF-8, the reference replaces every byte of it.
  mutating func finish(into output: inout [[UInt8]]) {
    guard !bytes.isEmpty else { return }
    if String(validating: bytes, as: UTF8.self) != nil {
      output.append(bytes)
    } else {
      output += [[UInt8]](repeating: LossyUTF8.replacement, count: bytes.count)
    }
    bytes.removeAll()
  }

  private static func byte(of piece: [UInt8]) -> UInt8? {
    guard piece.count == 6, piece.starts(with: "<0x".utf8), piece[5] == UInt8(ascii: ">"),
      let high = digit(piece[3]), let low = digit(piece[4])
    else { return nil }
    return high << 4 | low
  }

  private static func digit(_ character: UInt8) -> UInt8? {
    Character(Unicode.Scalar(character)).hexDigitValue.map(UInt8.init)
  }
}

/// Takes characters away from the beginning and the end of every piece.
struct StripStage: DecoderStage {
  let content: [UInt8]
  let start: Int
  let stop: Int

  func push(_ piece: [UInt8], into output: inout [[UInt8]]) {
    var range = piece[...]
    var (start, stop) = (start, stop)
    while start > 0, range.starts(with: content) {
      range = range.dropFirst(content.count)
      start -= 1
    }
    while stop > 0, range.suffix(content.count).elementsEqual(content) {
      range = range.dropLast(content.count)
      stop -= 1
    }
    output.append(Array(range))
  }
}

/// Takes characters away from the beginning and the end of the whole text.
struct StripTextStage: DecoderStage {
  let content: [UInt8]
  /// How many may still be taken away from the beginning; 0 once other text has come.
  var start: Int
  let stop: Int
  /// How many characters at the end are held back, because they may be the last ones.
  private var held = 0

  init(content: [UInt8], start: Int, stop: Int) {
    self.content = content
    self.start = start
    self.stop = stop
  }

  mutating func push(_ piece: [UInt8], into output: inout [[UInt8]]) {
    var range = piece[...]
    while start > 0, range.starts(with: content) {
      range = range.dropFirst(content.count)
      start -= 1
    }
    guard !range.isEmpty else { return }
    start = 0
    var text = (0..<held).flatMap { _ in content } + range
    held = 0
    while held < stop, text.count >= content.count, text.suffix(content.count).elementsEqual(content) {
      text.removeLast(content.count)
      held += 1
    }
    output.append(text)
  }
}

/// Reads tokens in GPT-2's alphabet as bytes, and the bytes as text.
struct ByteLevelStage: DecoderStage {
  private var text = LossyUTF8()

  mutating func push(_ piece: [UInt8], into output: inout [[UInt8]]) {
    let decoded = text.append(ByteAlphabet.decode(piece))
    if !decoded.isEmpty { output.append(decoded) }
  }

  mutating func finish(into output: inout [[UInt8]]) {
    let rest = text.finish()
    if !rest.isEmpty { output.append(rest) }
  }
}

/// Turns the character that stands for a space back into one.
struct MetaspaceStage: DecoderStage {
  let replacement: [UInt8]
  /// The first piece loses its spaces instead: one was put there by the pre-tokenizer.
  var dropsNext: Bool

  mutating func push(_ piece: [UInt8], into output: inout [[UInt8]]) {
    output.append(piece.replacing(replacement, with: dropsNext ? [] : [UInt8(ascii: " ")]))
    dropsNext = false
  }
}

/// Turns the suffix that ends a word into a space; the last piece just loses it.
struct WordSuffixStage: DecoderStage {
  let suffix: [UInt8]
  private var last: [UInt8]?

  init(suffix: [UInt8]) { self.suffix = suffix }

  mutating func push(_ piece: [UInt8], into output: inout [[UInt8]]) {
    if let last { output.append(last.replacing(suffix, with: [UInt8(ascii: " ")])) }
    last = piece
  }

  mutating func finish(into output: inout [[UInt8]]) {
    if let last { output.append(last.replacing(suffix, with: [])) }
    last = nil
  }
}
