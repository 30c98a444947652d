import Basics
import Foundation

extension CheckpointFolder {
  /// Identifies a checkpoint by its content, wherever it lies: SHA-256 in hexadecimal digits over the names of its
  /// files, the bytes of configurations, templates and tokenizers, and the sizes, headers and samples of the weights.
  /// Reading seven gigabytes of weights whole for every run would cost more than it tells: a change that leaves size,
  /// header and every sample as they were goes unseen.
  /// - Throws: `.unreadable`.
  public static func contentIdentity(of folder: String) throws(CheckpointError) -> String {
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted {
      $0.utf8.lexicographicallyPrecedes($1.utf8)
    }
    var content: [UInt8] = []
    for name in names {
      let path = "\(folder)/\(name)"
      if [".json", ".jinja", ".model"].contains(where: name.hasSuffix) {
        guard let data = FileManager.default.contents(atPath: path) else { continue }
        content += Array("\(name) \(SHA256.hexadecimal(data))\n".utf8)
      } else if name.hasSuffix(".safetensors") {
        content += Array("\(name) \(SHA256.hexadecimal(try samples(of: path)))\n".utf8)
      }
    }
    return SHA256.hexadecimal(content)
  }

  /// The file's size, its header whole, its beginning and its end, and pieces at even distances between them.
  private static func samples(of path: String) throws(CheckpointError) -> [UInt8] {
    guard let handle = FileHandle(forReadingAtPath: path) else {
      throw .unreadable(file: path, reason: String(cString: strerror(errno)))
    }
    defer { try? handle.close() }
    do {
      let size = Int(try handle.seekToEnd())
      let (pieces, length) = (32, 1 << 16)
      var samples = Array("\(size)\n".utf8) + (try header(handle))
      for piece in 0..<pieces {
        try handle.seek(toOffset: UInt64(max(0, size - length) * piece / (pieces - 1)))
        samples += [UInt8](try handle.read(upToCount: length) ?? Data())
      }
      return samples
    } catch {
      throw .unreadable(file: path, reason: "reading failed")
    }
  }

  /// The JSON that says which tensors lie where; empty where there can be none.
  private static func header(_ handle: FileHandle) throws -> [UInt8] {
    try handle.seek(toOffset: 0)
    let prefix = [UInt8](try handle.read(upToCount: 8) ?? Data())
    let size = prefix.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard prefix.count == 8, size <= UInt64(TensorFile.largestHeader) else { return [] }
    return [UInt8](try handle.read(upToCount: Int(size)) ?? Data())
  }
}
