import Checkpoint
import Foundation
import Kernels
import Pruning

/// One picture's features and evidence in a file: a preamble of four words, then tensors one after another, checked
/// against a digest as a whole.
enum FeatureFile {
  static let suffix = ".features"
  /// Magic word, bytes after the preamble, their digest, and one word for later.
  private static let preamble = 32
  private static let magic: UInt64 = 0x3154_4145_464d_4c56  // "VLMFEAT1"
  /// Larger than any picture's features.
  private static let mostBytes = 1 << 32

  /// - Throws: `.absent`, `.damaged` or `.system`.
  static func read(
    _ path: String, key: FeatureFileKey
  ) throws(FeatureFileError) -> (picture: EncodedPicture, evidence: Evidence) {
    guard FileManager.default.fileExists(atPath: path) else { throw .absent }
    let file: MappedFile
    do { file = try MappedFile(path: path) } catch { throw .system("it cannot be read") }
    guard file.count >= preamble, file.count <= mostBytes else { throw .damaged }
    let words = file.withBytes(0..<preamble) { bytes in
      (0..<4).map { UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: $0 * 8, as: UInt64.self)) }
    }
    let content = preamble..<file.count
    guard words[0] == magic, words[1] == UInt64(content.count), file.withBytes(content, Digest.of) == words[2] else {
      throw .damaged
    }
    var reader = FeatureReader(file.withBytes(content) { [UInt8]($0) })
    guard try reader.text() == key.name else { throw .damaged }
    return try reader.picture()
  }

  /// Writes a temporary file and renames it.
  /// - Throws: `.system`.
  static func write(
    _ picture: EncodedPicture, _ evidence: Evidence, to path: String, key: FeatureFileKey
  ) throws(FeatureFileError) {
    var writer = FeatureWriter()
    writer.add(key.name)
    writer.add(picture, evidence)
    let digest = writer.bytes.withUnsafeBytes(Digest.of)
    let words = [magic, UInt64(writer.bytes.count), digest, 0]
    let head = words.flatMap { word in withUnsafeBytes(of: word.littleEndian) { [UInt8]($0) } }
    do throws(NewFileError) {
      let file = try NewFile(path: path, suffix: suffix)
      try put(head, at: 0, into: file)
      try put(writer.bytes, at: preamble, into: file)
      try file.commit()
    } catch { throw .system(error.reason) }
  }

  private static func put(_ bytes: [UInt8], at place: Int, into file: NewFile) throws(NewFileError) {
    let failure = bytes.withUnsafeBytes { memory -> NewFileError? in
      do throws(NewFileError) { try file.write(memory, at: place) } catch { return error }
      return nil
    }
    if let failure { throw failure }
  }
}
