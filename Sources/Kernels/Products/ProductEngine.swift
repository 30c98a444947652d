/// Which library multiplies.
public enum BackEnd: String, Sendable, Hashable, CaseIterable {
  /// oneDNN: packed weights in every number format.
  case onednn
  /// OpenBLAS: Float32 alone, weights as they are stored. The reference.
  case openblas

  public static var openBLASVersion: String { OpenBLAS.version }
  public static var oneDNNVersion: String { "\(OneDNN.version), \(OneDNN.instructionSet)" }
}

/// Runs products with packed weights: through oneDNN in the formats that it has kernels for on this CPU, else in Float32 through
/// OpenBLAS, with the weights widened a few columns at a time. One is made a model, and shared by all its layers.
public final class ProductEngine: Sendable {
  let library: OneDNN?

  /// - Parameter backEnd: `openblas` never calls oneDNN; weights of other formats are then widened for every product.
  public init(_ backEnd: BackEnd = .onednn) {
    library = backEnd == .onednn ? OneDNN() : nil
  }

  /// Whether the CPU multiplies this format itself. Where it does not, packed weights still save memory, and are as fast as
  /// Float32 where memory is what limits.
  public func isNative(_ format: NumberFormat) -> Bool { library?.formats.contains(format) ?? false }
}
