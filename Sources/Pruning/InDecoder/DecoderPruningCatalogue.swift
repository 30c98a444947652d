/// The methods inside the decoder, by name.
public struct DecoderPruningCatalogue: Sendable {
  /// In the order in which they are listed.
  public let methods: [any DecoderPruning.Type]

  public init(_ methods: [any DecoderPruning.Type]) { self.methods = methods }

  /// Every method of this package. A new one is a file in InDecoder/ and a line here.
  public static let standard = DecoderPruningCatalogue([
    FastV.self,
    PyramidDrop.self,
    SparseVLM.self,
    SparseVLMPlus.self,
    DART.self,
  ])

  public var names: [String] { methods.map { $0.name } }

  /// Makes the method of `name` or `name(option=value, …)`.
  /// - Throws: `malformedSpec`, `unknownStrategy`, or what is wrong with an option.
  public func make(parsing text: String) throws(PruningError) -> any DecoderPruning {
    let written = try WrittenSpec(parsing: text)
    guard let type = methods.first(where: { $0.name == written.name }) else {
      throw .unknownStrategy(written.name, valid: names)
    }
    var options = try StrategyOptions(strategy: written.name, written: written.options)
    let method = try type.init(options: &options)
    try options.checkAllRead()
    return method
  }
}
