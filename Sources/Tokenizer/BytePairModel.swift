import Basics

/// Byte-pair encoding of one word: characters become tokens, and pairs of tokens merge by rank.
struct BytePairModel: Sendable {
  let vocabulary: Vocabulary
  private let merges: MergeTable
  /// The token for what the vocabulary lacks; nil: such characters vanish, as in the reference.
  private let unknown: Int?
  /// A run of unknown characters makes one token.
  private let fusesUnknown: Bool
  /// A word that is a token as a whole is taken as such.
  private let ignoresMerges: Bool
  /// Tokens `<0x00>` … `<0xFF>` for characters that the vocabulary lacks; empty without byte fallback.
  private let byteTokens: [Int?]
  /// Stands before every character but the word's first (BERT's "##").
  private let continuingPrefix: [UInt8]
  /// Stands after the word's last character (CLIP's "</w>").
  private let endSuffix: [UInt8]
  /// Tokens of the characters of one or two bytes, by scalar: most text and every byte-level character.
  private let shortScalars: [Int?]

  /// Reads the section `model`.
  init(_ section: TokenizerSection) throws(TokenizerError) {
    let type = try section.optionalString("type") ?? "BPE"
    guard type == "BPE" else { throw section.unsupported("type \(type)") }
    if let dropout = try section.optionalNumber("dropout"), dropout != 0 { throw section.unsupported("dropout") }
    let vocabulary = try Vocabulary(section.members("vocab"))
    continuingPrefix = try Array((section.optionalString("continuing_subword_prefix") ?? "").utf8)
    endSuffix = try Array((section.optionalString("end_of_word_suffix") ?? "").utf8)
    merges = try MergeTable(
      section.elements("merges"), vocabulary: vocabulary, prefixLength: continuingPrefix.count)
    unknown = try section.optionalString("unk_token").flatMap { vocabulary.id(of: Array($0.utf8)[...]) }
    fusesUnknown = try section.boolean("fuse_unk", default: false)
    ignoresMerges = try section.boolean("ignore_merges", default: false)
    byteTokens =
      try section.boolean("byte_fallback", default: false)
      ? (0...255).map { vocabulary.id(of: Array(Self.byteToken($0).utf8)[...]) } : []
    shortScalars = (0..<0x800).map { code in
      UnicodeScalar(code).flatMap { vocabulary.id(of: Array(String($0).utf8)[...]) }
    }
    self.vocabulary = vocabulary
  }

  private static func byteToken(_ byte: Int) -> String {
    let digits = String(byte, radix: 16, uppercase: true)
    return digits.count == 1 ? "<0x0\(digits)>" : "<0x\(digits)>"
  }

  /// Appends the tokens of the word `text[word]`, which is valid UTF-8.
  func encode(_ text: [UInt8], _ word: Range<Int>, into tokens: inout [Int], using workspace: inout BytePairWorkspace) {
    if ignoresMerges, let id = vocabulary.id(of: text[word]) {
      tokens.append(id)
      return
    }
    workspace.removeAll()
    var hasUnknown = false
    var position = word.lowerBound
    while position < word.upperBound {
      let character = position..<position + UTF8Text.length(from: text[position])
      position = character.upperBound
      let prefix = character.lowerBound == word.lowerBound ? [] : continuingPrefix
      let suffix = character.upperBound == word.upperBound ? endSuffix : []
      if let id = token(text, character, prefix, suffix, &workspace.scratch) {
        if hasUnknown, let unknown { workspace.append(unknown) }
        hasUnknown = false
        workspace.append(id)
      } else if let bytes = fallback(text, character, prefix, suffix, &workspace.scratch) {
        // The reference leaves a pending unknown token pending here, so that it follows the bytes.
        bytes.forEach { workspace.append($0) }
      } else if let unknown {
        if hasUnknown, !fusesUnknown { workspace.append(unknown) }
        hasUnknown = true
      }
    }
    if hasUnknown, let unknown { workspace.append(unknown) }
    workspace.merge(with: merges, into: &tokens)
  }

  /// The token of a character together with its prefix and suffix.
  private func token(
    _ text: [UInt8], _ character: Range<Int>, _ prefix: [UInt8], _ suffix: [UInt8], _ scratch: inout [UInt8]
  ) -> Int? {
    if prefix.isEmpty, suffix.isEmpty {
      switch character.count {
      case 1: return shortScalars[Int(text[character.lowerBound])]
      case 2:
        let (lead, trail) = (Int(text[character.lowerBound]), Int(text[character.lowerBound + 1]))
        return shortScalars[(lead & 0x1F) << 6 | trail & 0x3F]
      default: return vocabulary.id(of: text[character])
      }
    }
    scratch.removeAll(keepingCapacity: true)
    scratch += prefix
    scratch += text[character]
    scratch += suffix
    return vocabulary.id(of: scratch[...])
  }

  /// The tokens of a character's bytes, affixes included; nil if one is missing.
  private func fallback(
    _ text: [UInt8], _ character: Range<Int>, _ prefix: [UInt8], _ suffix: [UInt8], _ scratch: inout [UInt8]
  ) -> [Int]? {
    guard !byteTokens.isEmpty else { return nil }
    scratch.removeAll(keepingCapacity: true)
    scratch += prefix
    scratch += text[character]
    scratch += suffix
    let tokens = scratch.compactMap { byteTokens[Int($0)] }
    return tokens.count == scratch.count ? tokens : nil
  }
}

// MARK: - Reading merges

extension MergeTable {
  /// Reads `model.merges`: pairs, or strings of two tokens with a space between.
  fileprivate init(_ entries: JSONElements, vocabulary: Vocabulary, prefixLength: Int) throws(TokenizerError) {
    self.init(capacity: entries.count)
    var merged: [UInt8] = []
    for (rank, entry) in entries.enumerated() {
      guard let (left, right) = Self.parts(of: entry) else {
        // The first line of a merges file, kept by old converters.
        if let line = entry.string, line.hasPrefix("#version") { continue }
        throw .invalid(section: "model.merges", problem: "merge \(rank) is no pair of tokens")
      }
      merged.removeAll(keepingCapacity: true)
      merged += left
      merged += right.dropFirst(prefixLength)
      guard let leftID = vocabulary.id(of: left), let rightID = vocabulary.id(of: right),
        let resultID = vocabulary.id(of: merged[...])
      else {
        let missing = [left, right, merged[...]].first { vocabulary.id(of: $0) == nil } ?? left
        let name = String(decoding: missing, as: UTF8.self)
        throw .invalid(section: "model.merges", problem: "merge \(rank) names \"\(name)\", which is no token")
      }
      append(UInt32(leftID), UInt32(rightID), into: UInt32(resultID))
    }
  }

  private static func parts(of entry: JSONValue) -> (ArraySlice<UInt8>, ArraySlice<UInt8>)? {
    if let line = entry.utf8 {
      guard let space = line.firstIndex(of: UInt8(ascii: " ")) else { return nil }
      let (left, right) = (line[..<space], line[(space + 1)...])
      guard !right.contains(UInt8(ascii: " ")), !line.starts(with: "#version".utf8) else { return nil }
      return (left, right)
    }
    guard let pair = entry.elements, pair.count == 2 else { return nil }
    var parts = pair.makeIterator()
    guard let left = parts.next()?.utf8, let right = parts.next()?.utf8 else { return nil }
    return (left, right)
  }
}
