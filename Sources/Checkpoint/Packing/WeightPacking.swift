import Foundation
import Kernels

/// The parts of a model whose weights may be stored in different number formats.
public enum ModelPart: String, Sendable, Hashable, CaseIterable {
  case tower
  case projector
  case decoder
  /// The language head.
  case head
}

/// The number format of each part.
public struct PartFormats: Sendable, Hashable {
  public var tower: NumberFormat
  /// Decoder and projector.
  public var decoder: NumberFormat
  public var head: NumberFormat

  public init(tower: NumberFormat, decoder: NumberFormat, head: NumberFormat) {
    self.tower = tower
    self.decoder = decoder
    self.head = head
  }

  public subscript(part: ModelPart) -> NumberFormat {
    switch part {
    case .tower: tower
    case .projector, .decoder: decoder
    case .head: head
    }
  }
}

/// How much of a checkpoint has been read and packed.
public struct PackingProgress: Sendable, Hashable {
  /// Bytes of the tensors that are done with, as they are stored.
  public let doneBytes: Int
  /// Bytes of all tensors.
  public let totalBytes: Int
}

/// How the linear layers of a checkpoint become packed weights: in which formats, for which engine, and whether they
/// are kept in a file for the next start.
public struct WeightPacking: Sendable {
  public let engine: ProductEngine
  public let formats: PartFormats
  public let workers: Workers
  /// Where packed weights are kept; nil: nowhere.
  public let cacheFolder: String?
  /// Called with one line when the cache could not be used; the weights are then packed again.
  public let notice: @Sendable (String) -> Void
  /// Called when weights have been packed; never for weights that the cache had.
  public let progress: @Sendable (PackingProgress) -> Void
  /// Detects damaged bytes; a test counts its calls.
  var digest: @Sendable (UnsafeRawBufferPointer) -> UInt64 = { Digest.of($0) }
  /// The time in nanoseconds since 1970.
  var now: @Sendable () -> Int = {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int(time.tv_sec) * 1_000_000_000 + Int(time.tv_nsec)
  }

  public init(
    engine: ProductEngine, formats: PartFormats, workers: Workers, cacheFolder: String? = nil,
    notice: @escaping @Sendable (String) -> Void = { _ in },
    progress: @escaping @Sendable (PackingProgress) -> Void = { _ in }
  ) {
    self.engine = engine
    self.formats = formats
    self.workers = workers
    self.cacheFolder = cacheFolder
    self.notice = notice
    self.progress = progress
  }

  /// Float32 weights that the engine does not multiply in packed form stay where they are stored.
  func packs(_ part: ModelPart) -> Bool { formats[part] != .f32 || engine.isNative(.f32) }

  /// Only narrower weights are worth a file: Float32 takes longer to read than to pack.
  func keeps(_ part: ModelPart) -> Bool { cacheFolder != nil && formats[part] != .f32 }

  /// Where the packed weights of `files` are kept; nil when none are.
  func file(for files: [TensorFile], label: String) -> String? {
    guard let cacheFolder, ModelPart.allCases.contains(where: keeps) else { return nil }
    return PackedModelKey(files: files, label: label, formats: formats).path(in: cacheFolder)
  }
}

/// The packed weights of one checkpoint while it is loaded: read from the cache where it has them, else packed, and
/// written to it.
final class WeightPacker {
  let packing: WeightPacking
  private let cached: PackedModelFile?
  private var writer: PackedModelWriter?
  /// Whether anything had to be packed.
  private(set) var hasPacked = false

  /// - Parameter files: what the weights come from; they identify the cached file.
  init(_ packing: WeightPacking, files: [TensorFile], label: String) {
    self.packing = packing
    guard let path = packing.file(for: files, label: label) else {
      cached = nil
      writer = nil
      return
    }
    let key = PackedModelKey(files: files, label: label, formats: packing.formats)
    do throws(PackedModelError) {
      cached = try PackedModelFile(path: path, key: key, packing: packing)
    } catch {
      if error != .absent { packing.notice("\(path): \(error.reason); the weights are packed anew") }
      cached = nil
    }
    guard cached == nil else { return }
    do throws(PackedModelError) {
      writer = try PackedModelWriter(path: path, key: key)
    } catch {
      packing.notice("packed weights are not kept: \(error.reason)")
    }
  }

  /// One layer's weights. From the cache they are a view of its file.
  /// - Parameter source: the tensor's file, for messages.
  /// - Throws: `.tooWide`.
  func weights(
    _ name: String, part: ModelPart, _ matrix: StoredMatrix, source: String
  ) throws(CheckpointError) -> PackedWeights {
    let format = packing.formats[part]
    let limit = PackedWeights.mostInputs(format)
    guard matrix.columns <= limit else {
      throw .tooWide(name: name, found: matrix.columns, limit: limit, format: format.rawValue, file: source)
    }
    // Tied embeddings are the head's weights too, under the same name.
    let name = "\(part.rawValue)/\(name)"
    if let found = cached?.weights(name, format: format, inputs: matrix.columns, outputs: matrix.rows) { return found }
    let packed = PackedWeights(
      format: format, inputs: matrix.columns, outputs: matrix.rows, workers: packing.workers
    ) { matrix.widen($0, into: $1) }
    matrix.forget()
    hasPacked = true
    if packing.keeps(part) { keep(packed, name) }
    return packed
  }

  /// Puts the new cached file in its place.
  func finish() {
    guard let writer else { return }
    do throws(PackedModelError) { try writer.commit() } catch {
      packing.notice("packed weights are not kept: \(error.reason)")
    }
    self.writer = nil
  }

  private func keep(_ weights: PackedWeights, _ name: String) {
    guard let writer else { return }
    do throws(PackedModelError) { try writer.append(weights, name: name) } catch {
      // For example, a full disk. The model still loads.
      packing.notice("packed weights are not kept: \(error.reason)")
      self.writer = nil
    }
  }
}
