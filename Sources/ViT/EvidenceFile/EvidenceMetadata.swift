import Basics
import Pruning

/// The metadata of a file of evidence: what a tensor's shape does not tell. Read strictly, written in the same format.
struct EvidenceMetadata: Sendable, Hashable {
  let tower: TowerDescription
  let layout: ViewLayout
  /// Patches of each view.
  let patchGrid: Grid
  let imageSize: PixelSize
  let digest: UInt64
  /// Position of the first visual token in the prompt, for tensors of the decoder.
  let imageStart: Int?

  init(_ picture: PictureDescription) {
    tower = picture.tower
    layout = picture.layout
    patchGrid = picture.patchGrids[0]
    imageSize = picture.imageSize
    digest = picture.digest
    imageStart = nil
  }

  /// Positions before the patches.
  var prefix: Int { tower.hasClassToken ? 1 : 0 }

  /// The picture in the arrangement of strategies that treat each view alone: crops in their common raster.
  var picture: PictureDescription {
    let arrangement: Arrangement
    if case .thumbnailAndCrops(let crops) = layout {
      arrangement = .thumbnailAndRaster(of: crops, grid: tower.merged(patchGrid))
    } else {
      arrangement = .inOrder(views: layout.views)
    }
    return PictureDescription(
      tower: tower, layout: layout, patchGrids: [Grid](repeating: patchGrid, count: layout.views),
      imageSize: imageSize, digest: digest, unpruned: arrangement, pruned: arrangement)
  }

  /// - Throws: `missingMetadata` or `invalidMetadata`.
  init(parsing fields: [String: String], file: String) throws(EvidenceFileError) {
    let reader = MetadataReader(fields: fields, file: file)
    let hasClassToken = try reader.required("class_token", "true or false") { ["true": true, "false": false][$0] }
    let grid = try reader.required("grid", "rows×columns of at most \(Self.mostPatches) patches, such as 24x24") {
      Self.grid($0, ofAtMost: Self.mostPatches)
    }
    let depth = try reader.required("depth", "the number of blocks, such as 24") { Self.integer($0, in: 1...65_536) }
    let featureLayer = try reader.required("feature_layer", "a block from 0 to \(depth - 1)") {
      Self.integer($0, in: 0...depth - 1)
    }
    let merge = try reader.optional("merge", "rows×columns that tile the grid \(grid), such as 2x2") { text in
      Grid(parsing: text).flatMap {
        grid.rows % $0.rows == 0 && grid.columns % $0.columns == 0 ? $0 : nil
      }
    }
    let full = try reader.optional("full_attention_layers", "blocks separated by commas, such as 7,15,23,31") {
      Self.layers($0, depth: depth)
    }
    tower = TowerDescription(
      depth: depth, featureLayer: featureLayer, hasClassToken: hasClassToken,
      merge: merge ?? Grid(rows: 1, columns: 1), fullAttentionLayers: full)
    patchGrid = grid
    imageSize = try reader.required("image_size", "width×height in pixels, such as 800x600") { text in
      // Spelled like a grid, but with the width first.
      Grid(parsing: text).map { PixelSize(width: $0.rows, height: $0.columns) }
    }
    let crops = try reader.optional("crop_grid", "rows×columns of at most \(Self.mostCrops) crops, such as 2x2") {
      Self.grid($0, ofAtMost: Self.mostCrops)
    }
    let mostFrames = min(Self.mostFrames, Self.mostPatches * Self.mostCrops / grid.count)
    let frames = try reader.optional("frames", "1 to \(mostFrames) frames, and no crop_grid") {
      crops == nil ? Self.integer($0, in: 1...mostFrames) : nil
    }
    layout = crops.map { .thumbnailAndCrops($0) } ?? frames.map { .frames($0) } ?? .single
    digest = try reader.optional("digest", "up to 16 hexadecimal digits") { UInt64($0, radix: 16) } ?? 0
    imageStart = try reader.optional("image_start", Self.imageStartExpected) { Self.integer($0, in: 0...1 << 24) }
  }

  /// The fields as a file holds them.
  var fields: [String: String] {
    var fields = [
      "class_token": "\(tower.hasClassToken)", "grid": "\(patchGrid)", "depth": "\(tower.depth)",
      "feature_layer": "\(tower.featureLayer)", "image_size": "\(imageSize.width)x\(imageSize.height)",
      "digest": String(digest, radix: 16),
    ]
    switch layout {
    case .single: break
    case .thumbnailAndCrops(let crops): fields["crop_grid"] = "\(crops)"
    case .frames(let count): fields["frames"] = "\(count)"
    }
    if tower.mergesPatches { fields["merge"] = "\(tower.merge)" }
    if let full = tower.fullAttentionLayers {
      fields["full_attention_layers"] = full.map { "\($0)" }.joined(separator: ",")
    }
    return fields
  }

  static let imageStartExpected = "the position of the first visual token, such as 35"

  // A file without tensors may claim any size, so memory that depends on metadata alone is limited.
  private static let mostPatches = 1 << 18
  private static let mostCrops = 256
  // Views of the longest video that a family reads: 65,536 frames in pairs.
  private static let mostFrames = 32_768

  private static func grid(_ text: String, ofAtMost cells: Int) -> Grid? {
    Grid(parsing: text).flatMap { $0.count <= cells ? $0 : nil }
  }

  private static func integer(_ text: String, in range: ClosedRange<Int>) -> Int? {
    guard let value = Int(text), range.contains(value), "\(value)" == text else { return nil }
    return value
  }

  private static func layers(_ text: String, depth: Int) -> [Int]? {
    let layers = text.split(separator: ",", omittingEmptySubsequences: false).map {
      integer(String($0), in: 0...depth - 1)
    }
    return layers.contains(nil) ? nil : layers.compactMap { $0 }
  }
}

/// Reads one field after another, naming the one that is wrong.
private struct MetadataReader {
  let fields: [String: String]
  let file: String

  func required<Value>(
    _ key: String, _ expected: String, _ parse: (String) -> Value?
  ) throws(EvidenceFileError) -> Value {
    guard let value = try optional(key, expected, parse) else {
      throw .missingMetadata(key: key, expected: expected, file: file)
    }
    return value
  }

  func optional<Value>(
    _ key: String, _ expected: String, _ parse: (String) -> Value?
  ) throws(EvidenceFileError) -> Value? {
    guard let text = fields[key] else { return nil }
    guard let value = parse(text) else {
      throw .invalidMetadata(key: key, value: text, expected: expected, file: file)
    }
    return value
  }
}
