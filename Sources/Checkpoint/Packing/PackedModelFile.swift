import Foundation
import Kernels

/// A file of packed weights, mapped. Everything in it has been checked against its digests when this exists.
struct PackedModelFile {
  private let file: MappedFile
  private let table: PackedModelTable

  /// - Throws: `.absent`, `.damaged` or `.system`.
  init(path: String, key: PackedModelKey, workers: Workers) throws(PackedModelError) {
    guard FileManager.default.fileExists(atPath: path) else { throw .absent }
    do { file = try MappedFile(path: path) } catch { throw .system(error.message) }
    table = try Self.table(of: file)
    guard table.identity == key.identity, table.formats == key.formats else {
      throw .damaged("it was made from something else")
    }
    try Self.check(table, in: file, workers: workers)
  }

  /// The weights called `name`, if they are there in this form.
  func weights(_ name: String, format: NumberFormat, inputs: Int, outputs: Int) -> PackedWeights? {
    guard let entry = table.entries[name], entry.format == format.rawValue, entry.inputs == inputs,
      entry.outputs == outputs
    else { return nil }
    let size = PackedWeights.byteCount(format: format, inputs: inputs, outputs: outputs)
    return file.withBytes(entry.offset..<entry.offset + size) { bytes in
      bytes.baseAddress.map {
        PackedWeights(format: format, inputs: inputs, outputs: outputs, viewing: $0, owner: file)
      }
    }
  }

  private static func table(of file: MappedFile) throws(PackedModelError) -> PackedModelTable {
    let head = min(file.count, PackedModelPreamble.size)
    let preamble = try PackedModelPreamble(file.withBytes(0..<head) { [UInt8]($0) }, fileSize: file.count)
    let range = preamble.tableOffset..<preamble.tableOffset + preamble.tableSize
    guard file.withBytes(range, Digest.of) == preamble.tableDigest else { throw .damaged("its table is damaged") }
    let data = file.withBytes(range) { Data($0) }
    guard let table = try? JSONDecoder().decode(PackedModelTable.self, from: data) else {
      throw .damaged("its table is not one")
    }
    return table
  }

  /// Every entry inside the file, aligned, of the size that its shape needs, and with its digest.
  private static func check(
    _ table: PackedModelTable, in file: MappedFile, workers: Workers
  ) throws(PackedModelError) {
    let entries = table.entries.sorted { $0.value.offset < $1.value.offset }
    var ranges: [Range<Int>] = []
    for (name, entry) in entries {
      guard let format = NumberFormat(rawValue: entry.format), (1...1 << 24).contains(entry.inputs),
        (1...1 << 24).contains(entry.outputs), entry.offset % 64 == 0, entry.offset >= PackedModelPreamble.size
      else { throw .damaged("entry \(name) makes no sense") }
      let size = PackedWeights.byteCount(format: format, inputs: entry.inputs, outputs: entry.outputs)
      guard entry.offset <= file.count - size else { throw .damaged("it is truncated") }
      ranges.append(entry.offset..<entry.offset + size)
    }
    let sound = Flags(count: entries.count)
    workers.forEach(entries.count) { index in
      let digest = file.withBytes(ranges[index], Digest.of)
      sound.set(index, String(digest, radix: 16) == entries[index].value.digest)
    }
    if let index = sound.firstFalse { throw .damaged("entry \(entries[index].key) is damaged") }
  }

  /// One answer an item. Unchecked because of the pointer: each is written by one thread, and read after all are done.
  private final class Flags: @unchecked Sendable {
    private let values: UnsafeMutableBufferPointer<Bool>

    init(count: Int) {
      values = .allocate(capacity: count)
      values.initialize(repeating: false)
    }

    deinit { values.deallocate() }

    func set(_ index: Int, _ value: Bool) { values[index] = value }
    var firstFalse: Int? { values.firstIndex(of: false) }
  }
}
