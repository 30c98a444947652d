import Foundation
import Kernels

/// What packed weights were made from and how: the cached file is used for nothing else.
struct PackedModelKey: Hashable {
  /// Readable part of the file's name.
  let name: String
  /// Sixteen hexadecimal digits.
  let identity: String
  let formats: String

  init(files: [TensorFile], label: String, formats: PartFormats) {
    self.formats = ModelPart.allCases.map { "\($0.rawValue)=\(formats[$0].rawValue)" }.joined(separator: ",")
    var facts = ["layout \(PackedWeights.layoutVersion)", self.formats]
    for file in files.sorted(by: { $0.path < $1.path }) {
      // Without the folder: a checkpoint that is moved stays the same.
      facts.append("\((file.path as NSString).lastPathComponent) \(file.identity)")
    }
    let bytes = [UInt8](facts.joined(separator: "\n").utf8)
    let digest = bytes.withUnsafeBytes { Digest.of($0) }
    identity = String(format: "%016lx", digest)
    name = String(Self.readable(label).prefix(80))
  }

  func path(in folder: String) -> String { "\(folder)/\(name)-\(identity).pack" }

  /// The last useful name of a path, in characters that every file system takes.
  private static func readable(_ label: String) -> String {
    let parts = label.split(separator: "/").filter { !$0.hasSuffix(".safetensors") }
    let last = parts.last.map(String.init) ?? "model"
    return String(
      last.unicodeScalars.map { scalar in
        let plain =
          scalar.isASCII
          && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) || ".-_".unicodeScalars.contains(scalar))
        return plain ? Character(scalar) : "_"
      })
  }
}

/// Why a cached file cannot be used or written. Never fatal: the weights are packed from the checkpoint again.
enum PackedModelError: Error, Equatable {
  case absent
  case damaged(String)
  case system(String)

  var reason: String {
    switch self {
    case .absent: "no such file"
    case .damaged(let what): what
    case .system(let what): what
    }
  }
}

/// The start of the file: a magic word, and where the table of contents is. All little-endian.
struct PackedModelPreamble {
  static let size = 64
  static let magic: UInt64 = 0x314b_4341_504d_4c56  // "VLMPACK1"

  let tableOffset: Int
  let tableSize: Int
  let tableDigest: UInt64

  var bytes: [UInt8] {
    var words = [Self.magic, UInt64(tableOffset), UInt64(tableSize), tableDigest]
    words += [UInt64](repeating: 0, count: Self.size / 8 - words.count)
    return words.flatMap { word in withUnsafeBytes(of: word.littleEndian) { [UInt8]($0) } }
  }

  init(tableOffset: Int, tableSize: Int, tableDigest: UInt64) {
    self.tableOffset = tableOffset
    self.tableSize = tableSize
    self.tableDigest = tableDigest
  }

  /// - Throws: `.damaged` unless the table lies inside a file of `fileSize` bytes, after the preamble.
  init(_ bytes: [UInt8], fileSize: Int) throws(PackedModelError) {
    guard bytes.count >= Self.size else { throw .damaged("it is too short") }
    let words = (0..<4).map { word in
      bytes[word * 8..<word * 8 + 8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    }
    guard words[0] == Self.magic else { throw .damaged("it is no file of packed weights") }
    guard words[1] >= UInt64(Self.size), words[1] <= UInt64(fileSize), words[2] <= UInt64(fileSize) - words[1] else {
      throw .damaged("it is truncated")
    }
    self.init(tableOffset: Int(words[1]), tableSize: Int(words[2]), tableDigest: words[3])
  }
}

/// The table of contents.
struct PackedModelTable: Codable {
  struct Entry: Codable {
    let format: String
    let inputs: Int
    let outputs: Int
    let offset: Int
    /// Hexadecimal, because JSON numbers are exact only up to 53 bits.
    let digest: String
  }

  let identity: String
  let formats: String
  var entries: [String: Entry] = [:]
}
