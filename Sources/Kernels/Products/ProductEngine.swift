/// Which code multiplies.
public enum BackEnd: String, Sendable, Hashable, CaseIterable {
  /// Our own products in the formats and on the CPUs that they are written for (`InstructionSet`), oneDNN elsewhere,
  /// and for more than one row where there are tiles (AMX).
  case native
  /// oneDNN: packed weights in every number format.
  case onednn
  /// OpenBLAS: Float32 only, weights as they are stored. The reference.
  case openblas

  public static var openBLASVersion: String { OpenBLAS.version }
  /// Formats that our own products take on this CPU.
  public static var nativeFormats: [NumberFormat] {
    NumberFormat.allCases.filter(FusedProducts.formats.union(FusedProducts.widened).contains)
  }
  public static var oneDNNVersion: String { "\(OneDNN.version), \(OneDNN.instructionSet)" }
}

/// Runs products with packed weights: with our own kernels or oneDNN's if this CPU has some for the format, else in
/// Float32 through OpenBLAS, widening the weights a few columns at a time. Each model has one, shared by all its
/// layers.
public final class ProductEngine: Sendable {
  private let library: OneDNN?
  private let fused: Set<NumberFormat>
  private let widened: Set<NumberFormat>

  /// - Parameter backEnd: `openblas` never calls oneDNN; weights of other formats are then widened for every product.
  public init(_ backEnd: BackEnd = .native) {
    library = backEnd == .openblas ? nil : OneDNN()
    fused = backEnd == .native ? FusedProducts.formats : []
    widened = backEnd == .native ? FusedProducts.widened : []
  }

  /// Whether the CPU multiplies this format natively. If not, packed weights still save memory, and are as fast as
  /// Float32 where memory is the limit.
  public func isNative(_ format: NumberFormat) -> Bool {
    fused.contains(format) || library?.formats.contains(format) ?? false
  }

  /// Whether our own kernels take a product of this many rows. Tiles (AMX), which oneDNN uses, beat them where there
  /// are several.
  func isFused(_ format: NumberFormat, rows: Int) -> Bool {
    if widened.contains(format) { return true }
    guard fused.contains(format) else { return false }
    return rows == 1 || !(OneDNN.hasTiles && library?.formats.contains(format) ?? false)
  }

  /// oneDNN's way to multiply a format that is native but not fused; nil when it is widened.
  func libraryLane(_ format: NumberFormat, _ workspaces: WorkspacePool) -> (OneDNN, OneDNN.Lane)? {
    guard let library, library.formats.contains(format) else { return nil }
    guard let lane = library.makeLane(workspaces) else { preconditionFailure("oneDNN makes streams") }
    return (library, lane)
  }
}
