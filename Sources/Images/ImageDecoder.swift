/// Pixels from the bytes of a PNG or JPEG file, equal to those that Pillow 13 gives.
public enum ImageDecoder {
  /// Decodes a picture and turns it upright by its EXIF or XMP orientation.
  ///
  /// The limits are checked from the header, before pixels are allocated. Throws for anything that is not a complete
  /// PNG or JPEG, whatever the bytes.
  public static func decode(
    _ bytes: [UInt8], limits: ImageLimits = ImageLimits(), transparency: Transparency = .asLoaded
  ) throws(ImageError) -> RGBImage {
    switch try ImageFormat(of: bytes) {
    case .png:
      return try PNGDecoder.decode(bytes, limits: limits, transparency: transparency)
    case .jpeg:
      let structure = JPEGStructure(bytes)
      let picture = try JPEGDecoder.decode(bytes, structure: structure, limits: limits)
      return picture.oriented(try structure.orientation())
    }
  }
}
