import Foundation
import Kernels
import Synchronization
import TestSupport
import Testing

@testable import Checkpoint

@Suite struct `Packed weights in a file` {
  private static let layers = ["first", "second"]

  /// A checkpoint with two layers [70, 96].
  private func checkpoint(in folder: String, seed: UInt64 = 1) throws -> TensorFile {
    var numbers = TestNumbers(seed: seed)
    var writer = TensorWriter()
    for name in Self.layers { writer.add("\(name).weight", shape: [70, 96], numbers.floats(70 * 96)) }
    try writer.write(to: "\(folder)/model.safetensors")
    return try TensorFile(path: "\(folder)/model.safetensors")
  }

  private final class Notices: @unchecked Sendable {
    private let lock = NSLock()
    private var stored: [String] = []
    func add(_ line: String) { lock.withLock { stored.append(line) } }
    var lines: [String] { lock.withLock { stored } }
  }

  private func packing(_ cache: String?, _ format: NumberFormat = .int8, _ notices: Notices = Notices())
    -> WeightPacking
  {
    WeightPacking(
      engine: ProductEngine(), formats: PartFormats(tower: format, decoder: format, head: format),
      workers: Workers(count: 2), cacheFolder: cache, notice: { notices.add($0) })
  }

  /// Loads both layers and applies them to a row of ones.
  @discardableResult
  private func load(_ file: TensorFile, _ packing: WeightPacking) throws -> [Matrix] {
    let source = WeightSource(file: file, packing: packing)
    let layers = try Self.layers.map {
      try WeightScope(source).linear($0, inputs: 96, outputs: 70, bias: false)
    }
    try source.finish { _ in false }
    let input = Matrix(rows: 1, columns: 96, values: (0..<96).map { Float($0) / 96 })
    return layers.map { $0(input, workers: Workers(count: 1)) }
  }

  private func path(_ file: TensorFile, _ packing: WeightPacking) throws -> String {
    try #require(packing.file(for: [file], label: file.path))
  }

  @Test(arguments: [NumberFormat.bf16, .int8])
  func `is written once and gives the same products when it is read`(_ format: NumberFormat) throws {
    try withTemporaryFolder { folder in
      let file = try checkpoint(in: folder)
      let packing = packing("\(folder)/cache/deep", format)
      let packed = try load(file, packing)
      let written = try readFile(try path(file, packing))
      #expect(try load(file, packing) == packed)
      #expect(try readFile(try path(file, packing)) == written)
      #expect(try load(file, self.packing(nil, format)) == packed)
      let names = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/cache/deep")
      #expect(names.count { $0.hasSuffix(".pack") } == 1 && !names.contains { $0.hasSuffix(".part") })
    }
  }

  @Test func `tells how far packing is, to the last byte, and nothing where the file has it`() throws {
    try withTemporaryFolder { folder in
      let file = try checkpoint(in: folder)
      let told = Mutex<[PackingProgress]>([])
      let packing = WeightPacking(
        engine: ProductEngine(), formats: PartFormats(tower: .int8, decoder: .int8, head: .int8),
        workers: Workers(count: 1), cacheFolder: "\(folder)/cache",
        progress: { step in told.withLock { $0.append(step) } })
      try load(file, packing)
      let layer = 70 * 96 * 4
      let expected = [layer, 2 * layer, 2 * layer].map { PackingProgress(doneBytes: $0, totalBytes: 2 * layer) }
      #expect(told.withLock { $0 } == expected)
      try load(file, packing)
      #expect(told.withLock { $0.count } == expected.count)
    }
  }

  @Test func `is not written for Float32, nor without a folder`() throws {
    try withTemporaryFolder { folder in
      let file = try checkpoint(in: folder)
      try load(file, packing("\(folder)/cache", .f32))
      #expect(!FileManager.default.fileExists(atPath: "\(folder)/cache"))
      #expect(packing(nil).file(for: [file], label: "x") == nil)
    }
  }

  /// Every byte counts: the preamble, the table, weights, scales; and the file may end anywhere.
  @Test func `is packed anew when it is damaged or cut off, with a word`() throws {
    try withTemporaryFolder { folder in
      let file = try checkpoint(in: folder)
      let packing = packing("\(folder)/cache")
      let packed = try load(file, packing)
      let place = try path(file, packing)
      let whole = try readFile(place)
      var broken: [[UInt8]] = [0, 1, 63, 64, 1000, whole.count - 1].map { Array(whole[..<$0]) }
      for index in [0, 9, 17, 25, 64, 5000, whole.count / 2, whole.count - 30, whole.count - 1] {
        var bytes = whole
        bytes[index] ^= 0x10
        broken.append(bytes)
      }
      for bytes in broken {
        try writeFile(bytes, to: place)
        let notices = Notices()
        #expect(try load(file, self.packing("\(folder)/cache", .int8, notices)) == packed)
        #expect(notices.lines.count == 1 && notices.lines[0].contains("packed anew"))
        #expect(try readFile(place) == whole)
      }
    }
  }

  @Test func `is never used for other weights, even under its name`() throws {
    try withTemporaryFolder { folder in
      let packing = packing("\(folder)/cache")
      let first = try checkpoint(in: folder)
      let old = try load(first, packing)
      let oldPlace = try path(first, packing)
      let second = try checkpoint(in: folder, seed: 2)
      let newPlace = try path(second, packing)
      #expect(oldPlace != newPlace)
      try FileManager.default.moveItem(atPath: oldPlace, toPath: newPlace)
      let fresh = try load(second, packing)
      let plain = try load(second, self.packing(nil))
      #expect(fresh != old && fresh == plain)
      #expect(try path(second, self.packing("\(folder)/cache", .bf16)) != newPlace)
    }
  }

  @Test func `that cannot be written is mentioned, and the model loads`() throws {
    try withTemporaryFolder { folder in
      let file = try checkpoint(in: folder)
      try writeFile([1], to: "\(folder)/blocked")
      let notices = Notices()
      let packed = try load(file, packing("\(folder)/blocked/cache", .int8, notices))
      #expect(notices.lines.count == 1 && notices.lines[0].contains("not kept"))
      let plain = try load(file, packing(nil))
      #expect(packed == plain)
    }
  }

  @Test func `leaves nothing behind when loading fails, and removes what killed processes left`() throws {
    try withTemporaryFolder { folder in
      let file = try checkpoint(in: folder)
      let cache = "\(folder)/cache"
      let packing = packing(cache)
      do {
        let source = WeightSource(file: file, packing: packing)
        _ = try WeightScope(source).linear("first", inputs: 96, outputs: 70, bias: false)
        #expect(throws: CheckpointError.self) { try source.finish { _ in false } }
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: cache).isEmpty)
      let place = try path(file, packing)
      try writeFile([1, 2, 3], to: "\(place).99999-7.part")
      try writeFile([4], to: "\(cache)/somebody.part")
      try load(file, packing)
      let names = try FileManager.default.contentsOfDirectory(atPath: cache).sorted()
      #expect(names == [(place as NSString).lastPathComponent, "somebody.part"].sorted())
    }
  }

  @Test func `may be written by two loads at once`() throws {
    try withTemporaryFolder { folder in
      let file = try checkpoint(in: folder)
      let packing = packing("\(folder)/cache")
      let first = WeightSource(file: file, packing: packing)
      let second = WeightSource(file: file, packing: packing)
      for source in [first, second] {
        for name in Self.layers { _ = try WeightScope(source).linear(name, inputs: 96, outputs: 70, bias: false) }
      }
      try first.finish { _ in false }
      let written = try readFile(try path(file, packing))
      try second.finish { _ in false }
      #expect(try readFile(try path(file, packing)) == written)
      #expect(try FileManager.default.contentsOfDirectory(atPath: "\(folder)/cache").count == 1)
    }
  }

  /// Another process that looks for abandoned files between the making of a file and its lock takes it for one.
  @Test func `survives another writer that comes before its lock`() throws {
    try withTemporaryFolder { folder in
      let file = try checkpoint(in: folder)
      let packing = packing("\(folder)/cache")
      let place = try path(file, packing)
      let key = PackedModelKey(files: [file], label: file.path, formats: packing.formats)
      let weights = PackedWeights(format: .int8, inputs: 96, outputs: 70, workers: Workers(count: 1)) { range, rows in
        rows.update(repeating: 1, count: range.count * 96)
      }
      var others: [PackedModelWriter] = []
      let first = try PackedModelWriter(path: place, key: key) {
        if others.count < 3, let other = try? PackedModelWriter(path: place, key: key) { others.append(other) }
      }
      #expect(others.count == 3)
      for writer in [first] + others {
        try writer.append(weights, name: "decoder/first.weight")
        try writer.commit()
      }
      #expect(
        try PackedModelFile(path: place, key: key, packing: packing).weights(
          "decoder/first.weight", format: .int8, inputs: 96, outputs: 70) != nil)
    }
  }

  @Test func `may be written by several threads at once`() throws {
    try withTemporaryFolder { folder in
      let file = try checkpoint(in: folder)
      let packing = packing("\(folder)/cache")
      let place = try path(file, packing)
      let key = PackedModelKey(files: [file], label: file.path, formats: packing.formats)
      let failures = Mutex<[String]>([])
      Workers(count: 4).forEach(60) { _ in
        do throws(PackedModelError) {
          try PackedModelWriter(path: place, key: key).commit()
        } catch {
          failures.withLock { $0.append(error.reason) }
        }
      }
      #expect(failures.withLock { $0 } == [])
      let names = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/cache")
      #expect(names == [(place as NSString).lastPathComponent])
    }
  }
}
