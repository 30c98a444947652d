import CTurboJPEG

/// Reads JPEG through libjpeg-turbo, with the settings that Pillow uses: accurate integer DCT, smooth upsampling.
enum JPEGDecoder {
  /// Decodes without applying the orientation.
  static func decode(
    _ bytes: [UInt8], structure: JPEGStructure, limits: ImageLimits
  ) throws(ImageError) -> RGBImage {
    guard let handle = tjInitDecompress() else {
      throw .corrupt(format: .jpeg, reason: "the decoder could not start (out of memory)")
    }
    defer { tjDestroy(handle) }
    let header = try readHeader(bytes, handle)
    try limits.check(width: header.width, height: header.height)

    let format = header.isFourColour ? TJPF_CMYK : TJPF_RGB
    let count = header.width * header.height * (header.isFourColour ? 4 : 3)
    var status: Int32 = 0
    let samples = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialised in
      bytes.withUnsafeBufferPointer { source in
        status = tjDecompress2(
          handle, source.baseAddress, UInt(source.count), buffer.baseAddress, Int32(header.width), 0,
          Int32(header.height), format.rawValue,
          TJFLAG_ACCURATEDCT | TJFLAG_LIMITSCANS)
      }
      initialised = status == 0 || isWarning(reason(handle)) ? count : 0
    }
    if status != 0 { try judge(reason(handle), structure) }
    return RGBImage(
      width: header.width, height: header.height, pixels: header.isFourColour ? rgb(fromCMYK: samples) : samples)
  }

  private struct Header {
    let width: Int
    let height: Int
    let isFourColour: Bool
  }

  private static func readHeader(_ bytes: [UInt8], _ handle: tjhandle) throws(ImageError) -> Header {
    var width: Int32 = 0
    var height: Int32 = 0
    var subsampling: Int32 = -1
    var colours: Int32 = -1
    let status = bytes.withUnsafeBufferPointer { source in
      tjDecompressHeader3(
        handle, source.baseAddress, UInt(source.count), &width, &height, &subsampling, &colours)
    }
    // With a warning, or a sampling that TurboJPEG has no name for, the status is an error although the values are set.
    if status != 0 && (width < 1 || height < 1 || colours < 0) {
      throw .corrupt(format: .jpeg, reason: reason(handle))
    }
    return Header(
      width: Int(width), height: Int(height),
      isFourColour: colours == TJCS_CMYK.rawValue || colours == TJCS_YCCK.rawValue)
  }

  /// Separates warnings that Pillow ignores from errors. A premature end is an error: libjpeg-turbo would fill the rest
  /// with grey. It reports only the first warning, so the file's own structure is checked too.
  private static func judge(_ text: String, _ structure: JPEGStructure) throws(ImageError) {
    if text.hasPrefix("Premature end of JPEG file") { throw .truncated(format: .jpeg) }
    guard isWarning(text) else { throw .corrupt(format: .jpeg, reason: text) }
    guard structure.isComplete else { throw .truncated(format: .jpeg) }
  }

  /// Recognised by libjpeg's texts (jerror.h, JWRN_*), because TurboJPEG's own error code also says "warning" for an
  /// error after a warning.
  private static func isWarning(_ text: String) -> Bool {
    [
      "Corrupt JPEG data", "Premature end of JPEG file", "Inconsistent progression sequence", "Unknown Adobe color",
      "Warning:", "Invalid SOS parameters for sequential",
    ].contains { text.hasPrefix($0) }
  }

  private static func reason(_ handle: tjhandle) -> String {
    guard let text = tjGetErrorStr2(handle) else { return "unknown error" }
    return String(cString: text)
  }

  /// Pillow's CMYK to RGB. The samples are inverted, as Adobe writes them: 255 is no ink.
  private static func rgb(fromCMYK samples: [UInt8]) -> [UInt8] {
    let count = samples.count / 4
    return [UInt8](unsafeUninitializedCapacity: 3 * count) { pixels, initialised in
      samples.withUnsafeBufferPointer { samples in
        for index in 0..<count {
          let light = Int32(samples[4 * index + 3])
          for channel in 0..<3 {
            let product = (255 - Int32(samples[4 * index + channel])) * light + 128
            pixels[3 * index + channel] = UInt8(clamping: light - (((product >> 8) + product) >> 8))
          }
        }
      }
      initialised = 3 * count
    }
  }
}
