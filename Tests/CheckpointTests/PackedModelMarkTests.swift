import Foundation
import Kernels
import Synchronization
import TestSupport
import Testing

@testable import Checkpoint

/// Seven gigabytes are read once, not at every start.
@Suite struct `The mark of packed weights that were checked` {
  private static let names = ["first", "second"]

  /// A checkpoint of two layers [70, 96], a cache for it, and the number of digests that were taken.
  private final class Place: Sendable {
    let folder: String
    let file: TensorFile
    private let digests = Mutex(0)
    private let notices = Mutex<[String]>([])

    init(_ folder: String) throws {
      self.folder = folder
      var numbers = TestNumbers(seed: 4)
      var writer = TensorWriter()
      for name in names { writer.add("\(name).weight", shape: [70, 96], numbers.floats(70 * 96)) }
      try writer.write(to: "\(folder)/model.safetensors")
      file = try TensorFile(path: "\(folder)/model.safetensors")
    }

    /// - Parameter age: how long ago everything was written, in seconds.
    private func packing(age: Int) -> WeightPacking {
      var packing = WeightPacking(
        engine: ProductEngine(.openblas), formats: PartFormats(tower: .int8, decoder: .int8, head: .int8),
        workers: Workers(count: 2), cacheFolder: "\(folder)/cache",
        notice: { [self] line in notices.withLock { $0.append(line) } })
      packing.digest = { [self] bytes in
        digests.withLock { $0 += 1 }
        return Digest.of(bytes)
      }
      let now = packing.now
      packing.now = { now() + age * 1_000_000_000 }
      return packing
    }

    var pack: String { get throws { try #require(packing(age: 0).file(for: [file], label: file.path)) } }

    /// Loads the layers.
    /// - Returns: how many digests that took, and what was said.
    func load(age: Int = 60) throws -> (digests: Int, notices: [String]) {
      digests.withLock { $0 = 0 }
      notices.withLock { $0 = [] }
      let source = WeightSource(file: file, packing: packing(age: age))
      for name in names { _ = try WeightScope(source).linear(name, inputs: 96, outputs: 70, bias: false) }
      try source.finish { _ in false }
      return (digests.withLock { $0 }, notices.withLock { $0 })
    }
  }

  /// The first start packs, the second checks.
  private func checkedPlace(_ folder: String) throws -> Place {
    let place = try Place(folder)
    _ = try place.load()
    #expect(try place.load().digests == Self.names.count)
    return place
  }

  @Test func `spares the next start the reading`() throws {
    try withTemporaryFolder { folder in
      let place = try checkedPlace(folder)
      for _ in 0..<2 {
        let (digests, notices) = try place.load()
        #expect(digests == 0 && notices.isEmpty)
      }
    }
  }

  @Test func `is not left on what was written a moment ago`() throws {
    try withTemporaryFolder { folder in
      let place = try Place(folder)
      _ = try place.load(age: 0)
      for _ in 0..<2 { #expect(try place.load(age: 0).digests == Self.names.count) }
      #expect(!FileManager.default.fileExists(atPath: PackedModelMark.path(of: try place.pack)))
    }
  }

  @Test func `tells nothing of a file that was touched, which is checked again and marked again`() throws {
    try withTemporaryFolder { folder in
      let place = try checkedPlace(folder)
      try touch(try place.pack, seconds: 100)
      #expect(try place.load(age: 200).digests == Self.names.count)
      #expect(try place.load(age: 200).digests == 0)
    }
  }

  @Test func `tells nothing of a file that was put in its place`() throws {
    try withTemporaryFolder { folder in
      let place = try checkedPlace(folder)
      let pack = try place.pack
      try writeFile(try readFile(pack), to: "\(pack).copy")
      try FileManager.default.removeItem(atPath: pack)
      try FileManager.default.moveItem(atPath: "\(pack).copy", toPath: pack)
      #expect(try place.load().digests == Self.names.count)
    }
  }

  @Test func `tells nothing of a file that was damaged since`() throws {
    try withTemporaryFolder { folder in
      let place = try checkedPlace(folder)
      let pack = try place.pack
      let whole = try readFile(pack)
      var bytes = whole
      bytes[5000] ^= 1
      let handle = try #require(FileHandle(forWritingAtPath: pack))
      try handle.write(contentsOf: bytes)
      try handle.close()
      try touch(pack, seconds: 100)
      let (digests, notices) = try place.load(age: 200)
      #expect(digests > 0 && notices.count == 1 && notices.first?.contains("packed anew") == true)
      #expect(try readFile(pack) == whole)
      #expect(try place.load(age: 200).digests == Self.names.count)
    }
  }

  @Test(arguments: ["", "checked 1 1 2 3 4 5\n", "checked 2 0\n"])
  func `tells nothing when it is not this program's, or of another file`(_ text: String) throws {
    try withTemporaryFolder { folder in
      let place = try checkedPlace(folder)
      try writeFile(Array(text.utf8), to: PackedModelMark.path(of: try place.pack))
      #expect(try place.load().digests == Self.names.count)
      #expect(try place.load().digests == 0)
    }
  }

  @Test func `goes when its file has gone`() throws {
    try withTemporaryFolder { folder in
      let place = try checkedPlace(folder)
      let mark = PackedModelMark.path(of: try place.pack)
      #expect(FileManager.default.fileExists(atPath: mark))
      try FileManager.default.removeItem(atPath: try place.pack)
      _ = try place.load(age: 0)
      #expect(!FileManager.default.fileExists(atPath: mark))
    }
  }

  /// Gives a file another time of change, `seconds` from now.
  private func touch(_ path: String, seconds: Double) throws {
    try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSinceNow: seconds)], ofItemAtPath: path)
  }
}
