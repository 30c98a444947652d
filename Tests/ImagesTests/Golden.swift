import Foundation
import Images
import Testing

/// Files that fixtures/generate/images.py made from Pillow and transformers.
enum Golden {
  static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  static let folder = root.appendingPathComponent("fixtures/golden/images")
  /// Pictures of others, which are not part of the repository.
  static let shared = root.deletingLastPathComponent().appendingPathComponent("shared/data/images")

  static let hasShared = FileManager.default.fileExists(atPath: shared.path)
  static let reason: Comment = "needs ../shared/data, which may not be copied into the repository"

  /// What Pillow makes of a picture: its size and digest, or an error.
  struct Facts: Decodable {
    let width: Int?
    let height: Int?
    let digest: String?
    let overWhite: String?
    let error: String?
    /// The digest after transformers' load_image and convert_to_rgb, where it differs from `digest`.
    let loaded: String?

    enum CodingKeys: String, CodingKey {
      case width, height, digest, error, loaded
      case overWhite = "over_white"
    }
  }

  static func facts(_ table: String) throws -> [(file: String, facts: Facts)] {
    let data = try Data(contentsOf: folder.appendingPathComponent("\(table).json"))
    let facts = try JSONDecoder().decode([String: Facts].self, from: data)
    return facts.keys.sorted().compactMap { file in facts[file].map { (file, $0) } }
  }

  static func bytes(_ file: String, in folder: URL = Golden.folder.appendingPathComponent("pictures")) throws -> [UInt8]
  {
    [UInt8](try Data(contentsOf: folder.appendingPathComponent(file)))
  }

  static func picture(_ file: String) throws -> RGBImage {
    try ImageDecoder.decode(bytes(file))
  }
}

extension RGBImage {
  /// The digest as the golden files spell it.
  var digestText: String { hexadecimal(digest) }

  /// A deterministic picture with every kind of step between neighbours.
  static func pattern(width: Int, height: Int) -> RGBImage {
    var pixels: [UInt8] = []
    for index in 0..<(3 * width * height) {
      pixels.append(UInt8(truncatingIfNeeded: index &* index &* 31 &+ index / 7))
    }
    return RGBImage(width: width, height: height, pixels: pixels)
  }
}

/// The most memory that this process ever held, in bytes; nothing where the system does not tell.
func peakMemoryBytes() -> Int? {
  guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else { return nil }
  let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
  return line?.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap { Int($0) }.map {
    $0 * 1024
  }
}

func hexadecimal(_ value: UInt64) -> String {
  let digits = String(value, radix: 16)
  return String(repeating: "0", count: 16 - digits.count) + digits
}

/// FNV-1a, as in the golden files.
func digest(of bytes: [UInt8]) -> String {
  hexadecimal(bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 })
}

/// The error that decoding some bytes gives, or nothing.
func decodingError(_ bytes: [UInt8], limits: ImageLimits = ImageLimits()) -> ImageError? {
  do throws(ImageError) {
    _ = try ImageDecoder.decode(bytes, limits: limits)
    return nil
  } catch {
    return error
  }
}
