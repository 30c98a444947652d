/// Text on its way to the model: one buffer, cut into words.
struct SplitText {
  var text: [UInt8]
  var words: [Range<Int>]
  /// The first word is the beginning of the whole input.
  let beginsInput: Bool

  init(_ text: [UInt8], beginsInput: Bool) {
    self.text = text
    self.beginsInput = beginsInput
    words = text.isEmpty ? [] : [0..<text.count]
  }

  /// Cuts every word further; words that become empty vanish.
  mutating func split(_ cut: (_ text: [UInt8], _ word: Range<Int>) -> [Range<Int>]) {
    words = words.flatMap { cut(text, $0) }.filter { !$0.isEmpty }
  }

  /// Rewrites every word into a new buffer.
  mutating func rewrite(_ body: (_ word: ArraySlice<UInt8>, _ isFirst: Bool, _ output: inout [UInt8]) -> Void) {
    var output: [UInt8] = []
    output.reserveCapacity(text.count * 2)
    for index in words.indices {
      let start = output.count
      body(text[words[index]], index == 0, &output)
      words[index] = start..<output.count
    }
    text = output
  }
}

/// The section `pre_tokenizer`: cuts text into the words that the model encodes one by one.
struct PreTokenizer: Sendable {
  private enum Step {
    case split(SplitPattern, SplitBehavior, isInverted: Bool)
    case digits(individual: Bool)
    /// Puts a space before every word that does not begin with one.
    case prefixSpace
    /// Spells bytes in GPT-2's alphabet.
    case spellBytes
    case metaspace(replacement: [UInt8], PrependScheme, splits: Bool)
  }

  enum PrependScheme: String, Sendable {
    case always, first, never
  }

  private var steps: [Step] = []

  /// Reads the section; nil is no pre-tokenizer: the whole text is one word.
  init(_ section: TokenizerSection?) throws(TokenizerError) {
    if let section { try read(section) }
  }

  private mutating func read(_ section: TokenizerSection) throws(TokenizerError) {
    switch try section.type {
    case "Sequence": for part in try section.parts("pretokenizers") { try read(part) }
    case "ByteLevel":
      if try section.boolean("add_prefix_space", default: true) { steps.append(.prefixSpace) }
      if try section.boolean("use_regex", default: true) {
        steps.append(.split(.gpt2, .isolated, isInverted: false))
      }
      steps.append(.spellBytes)
    case "Split":
      let name = try section.string("behavior")
      guard let behavior = SplitBehavior(rawValue: name) else { throw section.unsupported("the behavior \(name)") }
      steps.append(try .split(SplitPattern(section), behavior, isInverted: section.boolean("invert", default: false)))
    case "Digits":
      steps.append(.digits(individual: try section.boolean("individual_digits", default: false)))
    case "Metaspace":
      let replacement = try section.character("replacement")
      steps.append(
        try .metaspace(
          replacement: replacement, PrependScheme(section), splits: section.boolean("split", default: true)))
    case let type: throw section.unsupported(type)
    }
  }

  /// Cuts the text into words.
  func split(_ text: inout SplitText) {
    for step in steps {
      switch step {
      case .split(let pattern, let behavior, let isInverted):
        text.split { text, word in
          let pieces = pattern.pieces(of: text, word)
          return behavior.words(from: isInverted ? pieces.map { ($0.range, !$0.isMatch) } : pieces)
        }
      case .digits(let individual):
        text.split { text, word in
          (individual ? SplitBehavior.isolated : .contiguous).words(from: Self.digits(in: text, word))
        }
      case .prefixSpace:
        text.rewrite { word, _, output in
          if word.first != UInt8(ascii: " ") { output.append(UInt8(ascii: " ")) }
          output += word
        }
      case .spellBytes:
        text.rewrite { word, _, output in
          for byte in word { output += ByteAlphabet.characters[Int(byte)] }
        }
      case .metaspace(let replacement, let scheme, let splits):
        Self.metaspace(&text, replacement, scheme, splits: splits)
      }
    }
  }

  private static func metaspace(
    _ text: inout SplitText, _ replacement: [UInt8], _ scheme: PrependScheme, splits: Bool
  ) {
    let beginsInput = text.beginsInput
    text.rewrite { word, isFirst, output in
      let isPrefixed = word.first == UInt8(ascii: " ") || word.starts(with: replacement)
      if !isPrefixed, scheme == .always || (scheme == .first && isFirst && beginsInput) { output += replacement }
      for byte in word {
        if byte == UInt8(ascii: " ") { output += replacement } else { output.append(byte) }
      }
    }
    guard splits else { return }
    text.split { text, word in
      SplitBehavior.mergedWithNext.words(from: SplitPattern.literal(replacement).pieces(of: text, word))
    }
  }

  /// Cuts a word into single digits and what lies between them.
  private static func digits(in text: [UInt8], _ word: Range<Int>) -> [(range: Range<Int>, isMatch: Bool)] {
    var pieces: [(range: Range<Int>, isMatch: Bool)] = []
    var gap = word.lowerBound
    var position = word.lowerBound
    while position < word.upperBound {
      let end = position + UTF8Text.length(from: text[position])
      // Not `ScalarText`'s kinds: here the reference uses its language's tables, whose Unicode is newer than its
      // patterns'.
      if UTF8Text.scalar(in: text, at: position).isNumber {
        if gap < position { pieces.append((gap..<position, false)) }
        pieces.append((position..<end, true))
        gap = end
      }
      position = end
    }
    if gap < word.upperBound { pieces.append((gap..<word.upperBound, false)) }
    return pieces
  }
}

extension PreTokenizer.PrependScheme {
  /// Reads `prepend_scheme`, or `add_prefix_space` of older files.
  init(_ section: TokenizerSection) throws(TokenizerError) {
    guard let name = try section.optionalString("prepend_scheme") else {
      self = try section.boolean("add_prefix_space", default: true) ? .always : .never
      return
    }
    guard let scheme = Self(rawValue: name) else { throw section.unsupported("the prepend scheme \(name)") }
    self = scheme
  }
}

extension Unicode.Scalar {
  /// A digit or number of any script.
  fileprivate var isNumber: Bool {
    if isASCII { return (0x30...0x39).contains(value) }
    switch properties.generalCategory {
    case .decimalNumber, .letterNumber, .otherNumber: return true
    default: return false
    }
  }
}
