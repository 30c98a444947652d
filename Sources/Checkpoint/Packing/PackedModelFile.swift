import Foundation
import Kernels
import Synchronization

/// A mapped file of packed weights. By the end of `init`, all of it has been checked against its digests: now, or at an
/// earlier start that left a mark.
struct PackedModelFile {
  private let file: MappedFile
  private let table: PackedModelTable

  /// - Throws: `.absent`, `.damaged` or `.system`.
  init(path: String, key: PackedModelKey, packing: WeightPacking) throws(PackedModelError) {
    guard FileManager.default.fileExists(atPath: path) else { throw .absent }
    do { file = try MappedFile(path: path) } catch { throw .system(error.message) }
    table = try Self.table(of: file)
    guard table.identity == key.identity, table.formats == key.formats else {
      throw .damaged("it was made from something else")
    }
    let ranges = try Self.places(table, in: file)
    let mark = PackedModelMark(of: path)
    guard !mark.tells(file.identity) else { return }
    try Self.check(ranges, in: file, packing)
    mark.leave(file.identity, now: packing.now())
  }

  /// The weights called `name`, if the file has them in this form.
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

  /// An entry, its place in the file and its digest.
  private typealias Place = (name: String, bytes: Range<Int>, digest: String)

  /// All entries, after checking that each is inside the file, aligned, and of the size that its shape needs.
  private static func places(_ table: PackedModelTable, in file: MappedFile) throws(PackedModelError) -> [Place] {
    var places: [Place] = []
    for (name, entry) in table.entries.sorted(by: { $0.value.offset < $1.value.offset }) {
      guard let format = NumberFormat(rawValue: entry.format),
        (1...min(1 << 24, PackedWeights.mostInputs(format))).contains(entry.inputs),
        (1...1 << 24).contains(entry.outputs), entry.offset % 64 == 0, entry.offset >= PackedModelPreamble.size
      else { throw .damaged("entry \(name) makes no sense") }
      let size = PackedWeights.byteCount(format: format, inputs: entry.inputs, outputs: entry.outputs)
      guard entry.offset <= file.count - size else { throw .damaged("it is truncated") }
      places.append((name, entry.offset..<entry.offset + size, entry.digest))
    }
    return places
  }

  /// Reads all entries and compares their digests.
  private static func check(
    _ places: [Place], in file: MappedFile, _ packing: WeightPacking
  ) throws(PackedModelError) {
    let damaged = Mutex<Int?>(nil)
    packing.workers.forEach(places.count) { index in
      let digest = file.withBytes(places[index].bytes, packing.digest)
      guard String(digest, radix: 16) != places[index].digest else { return }
      damaged.withLock { $0 = min($0 ?? index, index) }
    }
    if let index = damaged.withLock({ $0 }) { throw .damaged("entry \(places[index].name) is damaged") }
  }
}
