import Checkpoint
import Kernels

/// The number format that a user asks for.
public enum Precision: String, Sendable, Hashable, CaseIterable {
  case f32
  case bf16
  /// Tower, projector and decoder in int8; the language head in bfloat16.
  case int8
  /// The fastest on this CPU that does not lose answers.
  case auto
}

/// How a model computes.
public struct ComputeOptions: Sendable {
  public var precision: Precision
  public var backEnd: BackEnd
  /// Where packed weights are kept between runs; nil: nowhere.
  public var cacheFolder: String?
  /// Called with one line when the cache could not be used.
  public var notice: @Sendable (String) -> Void
  /// Called as weights are packed, from the thread that loads.
  public var progress: @Sendable (PackingProgress) -> Void

  public init(
    precision: Precision = .f32, backEnd: BackEnd = .native, cacheFolder: String? = nil,
    notice: @escaping @Sendable (String) -> Void = { _ in },
    progress: @escaping @Sendable (PackingProgress) -> Void = { _ in }
  ) {
    self.precision = precision
    self.backEnd = backEnd
    self.cacheFolder = cacheFolder
    self.notice = notice
    self.progress = progress
  }

  /// Below this many parameters products are too small for a narrower format to pay.
  static let smallModel = 32_000_000

  /// The formats of a model with `parameters` weights. `auto` keeps the tower in bfloat16, because people compare which
  /// tokens are kept, and takes int8 for the decoder. It never chooses a format that the CPU does not multiply
  /// natively.
  func formats(engine: ProductEngine, parameters: Int) -> PartFormats {
    switch precision {
    case .f32: PartFormats(tower: .f32, decoder: .f32, head: .f32)
    case .bf16: PartFormats(tower: .bf16, decoder: .bf16, head: .bf16)
    case .int8: PartFormats(tower: .int8, decoder: .int8, head: .bf16)
    case .auto where parameters < Self.smallModel: PartFormats(tower: .f32, decoder: .f32, head: .f32)
    case .auto:
      PartFormats(
        tower: engine.isNative(.bf16) ? .bf16 : .f32,
        decoder: engine.isNative(.int8) ? .int8 : engine.isNative(.bf16) ? .bf16 : .f32,
        head: engine.isNative(.bf16) ? .bf16 : .f32)
    }
  }
}

/// What a loaded model computes with.
public struct ComputeReport: Sendable, Hashable {
  public let backEnd: BackEnd
  public let formats: PartFormats
  /// Where the packed weights are kept; nil when there is nothing to keep, or no place for it.
  public let packedFile: String?

  /// "f32", "bf16", "int8", or the single parts for any other mix: "tower=bf16, decoder=int8".
  public var precision: String {
    switch (formats.tower, formats.decoder, formats.head) {
    case (.f32, .f32, .f32): "f32"
    case (.bf16, .bf16, .bf16): "bf16"
    case (.int8, .int8, .bf16): "int8"
    default: "tower=\(formats.tower.rawValue), decoder=\(formats.decoder.rawValue)"
    }
  }
}
