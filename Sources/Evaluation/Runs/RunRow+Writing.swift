import Foundation

extension RunRow: Encodable {
  private struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(_ text: String) { stringValue = text }
    init?(stringValue: String) { self.init(stringValue) }
    init?(intValue: Int) { nil }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(question, forKey: Key("question_id"))
    try container.encode(image, forKey: Key("image"))
    try container.encode(category, forKey: Key("category"))
    try container.encode(strategy, forKey: Key("strategy"))
    try container.encode(keep, forKey: Key("keep"))
    try container.encode(kept, forKey: Key("kept"))
    try container.encode(visualTokens, forKey: Key("visual_tokens"))
    try container.encode(answer, forKey: Key("answer"))
    // Right or wrong is written as a boolean, which most readers expect; a grade in between is written as a number.
    switch correct {
    case nil: try container.encodeNil(forKey: Key("correct"))
    case 0: try container.encode(false, forKey: Key("correct"))
    case 1: try container.encode(true, forKey: Key("correct"))
    case let grade?: try container.encode(grade, forKey: Key("correct"))
    }
    try container.encodeIfPresent(error, forKey: Key("error"))
    for (stage, milliseconds) in times { try container.encode(milliseconds, forKey: Key(stage)) }
  }

  /// The row as a line of the log, line break included.
  public func line() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(self) + Data([0x0A])
  }
}

extension Question.Identifier: Encodable {
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .number(let number): try container.encode(number)
    case .name(let name): try container.encode(name)
    }
  }
}
