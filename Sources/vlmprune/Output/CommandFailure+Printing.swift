extension CommandFailure {
  /// Two lines for a person, or one JSON object on one line where `--json` was given.
  /// - Parameter command: which was tried; nil where there is none of that name.
  func print(asJSON: Bool = false, command: String? = nil) {
    guard asJSON else {
      StandardError.write("error: \(oneLine(message))\nhint: \(oneLine(hint))\n")
      return
    }
    let report = FailureReport(
      error: .init(message: oneLine(message), hint: oneLine(hint)), exitCode: exitCode, command: command)
    StandardError.write((try? StandardOutput.line(json: report)).map { String(decoding: $0, as: UTF8.self) } ?? "")
  }

  /// Facts from outside may hold line breaks and control characters; a message stays one line.
  private func oneLine(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }))
  }
}

/// A failure as a program reads it.
private struct FailureReport: Encodable {
  struct Explanation: Encodable {
    let message: String
    let hint: String
  }

  let error: Explanation
  let exitCode: Int32
  let command: String?

  private enum CodingKeys: String, CodingKey {
    case schema, version, command, error
    case exitCode = "exit_code"
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode("vlmprune.error/1", forKey: .schema)
    try container.encode(BuildInformation.version, forKey: .version)
    try container.encode(command, forKey: .command)
    try container.encode(exitCode, forKey: .exitCode)
    try container.encode(error, forKey: .error)
  }
}
