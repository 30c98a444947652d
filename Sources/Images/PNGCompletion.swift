import CPNG

/// A PNG whose packed pixels lack their end, made whole. libpng insists on the checksum after the pixels; Pillow is
/// done once it has the last row.
enum PNGCompletion {
  /// The same picture with its pixels packed anew, in one chunk; nil if pixels are missing or damaged, or if Pillow
  /// refuses the file because it has the last row before the chunk that is cut.
  static func completed(_ chunks: PNGChunks) -> [UInt8]? {
    guard let count = rowBytes(header: Array(chunks.head[16..<29])), count <= 1 << 30,
      let rows = unpacked(chunks.pixels, count: count)
    else { return nil }
    if chunks.isCutInPixels, chunks.pixels.count > 1, unpacked(chunks.pixels.dropLast(), count: count) != nil {
      return nil
    }
    var length = cpng_stored_bound(count)
    var status: Int32 = 0
    let stored = [UInt8](unsafeUninitializedCapacity: length) { buffer, initialised in
      status = cpng_store(rows, count, buffer.baseAddress, &length)
      initialised = status == 0 ? length : 0
    }
    guard status == 0 else { return nil }
    return Array(chunks.head) + chunk("IDAT", stored) + chunk("IEND", [])
  }

  /// The first `count` bytes that are packed in the bodies of some chunks; nil if there are fewer.
  private static func unpacked(_ bodies: [ArraySlice<UInt8>], count: Int) -> [UInt8]? {
    let packed = Array(bodies.joined())
    var status: Int32 = 0
    let rows = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialised in
      status = cpng_unpack(packed, packed.count, buffer.baseAddress, count)
      initialised = status == 0 ? count : 0
    }
    return status == 0 ? rows : nil
  }

  /// Bytes of the unpacked rows, each with its filter's number.
  /// - Parameter header: the body of IHDR.
  private static func rowBytes(header: [UInt8]) -> Int? {
    func word(_ offset: Int) -> Int { header[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) } }
    guard let samples = [0: 1, 2: 3, 3: 1, 4: 2, 6: 4][header[9]] else { return nil }
    let bits = samples * Int(header[8])
    func bytes(_ width: Int, _ height: Int) -> Int { width > 0 ? height * (1 + (width * bits + 7) / 8) : 0 }
    let (width, height) = (word(0), word(4))
    if header[12] == 0 { return bytes(width, height) }
    // Adam7: where each pass begins, and its steps.
    return [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
      .reduce(0) { sum, pass in
        sum + bytes((width - pass.0 + pass.2 - 1) / pass.2, (height - pass.1 + pass.3 - 1) / pass.3)
      }
  }

  private static func chunk(_ name: String, _ body: [UInt8]) -> [UInt8] {
    let named = Array(name.utf8) + body
    let checksum = named.withUnsafeBufferPointer { cpng_checksum($0.baseAddress, $0.count) }
    return bytes(of: UInt32(body.count)) + named + bytes(of: checksum)
  }

  private static func bytes(of word: UInt32) -> [UInt8] { (0..<4).map { UInt8(word >> (24 - 8 * $0) & 0xff) } }
}
