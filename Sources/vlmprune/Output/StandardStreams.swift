import Foundation

/// The stream for everything that is not the result.
enum StandardError {
  /// Failures are ignored: if stderr is closed, there is nowhere to report them.
  static func write(_ text: String) { _ = DescriptorWriter.write(Array(text.utf8), to: STDERR_FILENO) }
}

/// The stream of the result.
enum StandardOutput {
  /// Written at once and without a buffer, so that an answer streams.
  static func write(_ text: String) throws(CommandFailure) { try write(Array(text.utf8)) }

  /// One JSON object with sorted keys, and nothing else: the result's own fields beside the envelope's.
  static func write(
    json body: some Encodable, envelope: Envelope, keys: JSONEncoder.KeyEncodingStrategy = .useDefaultKeys
  ) throws {
    try write(try line(json: Enveloped(body: body, envelope: envelope), keys: keys))
  }

  /// JSON on one line, its end included.
  static func line(
    json value: some Encodable, keys: JSONEncoder.KeyEncodingStrategy = .useDefaultKeys
  ) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = keys
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return Array(try encoder.encode(value)) + [0x0A]
  }

  /// FileHandle would end the process on a full disk or a closed descriptor.
  private static func write(_ bytes: [UInt8]) throws(CommandFailure) {
    guard DescriptorWriter.write(bytes, to: STDOUT_FILENO) else {
      throw CommandFailure(
        message: "cannot write the result to stdout: \(String(cString: strerror(errno)))",
        hint: "check where stdout goes: the disk may be full")
    }
  }
}

/// Writing to an open descriptor.
private enum DescriptorWriter {
  /// - Returns: whether all of it was written; `errno` says why not.
  static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
    bytes.withUnsafeBytes { bytes in
      var rest = bytes[...]
      while !rest.isEmpty {
        let count = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
        if count < 0, errno != EINTR { return false }
        rest = rest.dropFirst(max(count, 0))
      }
      return true
    }
  }
}
