import Basics

/// Floating-point operations (a multiplication and an addition count as two) of a tower on one view, from its shape
/// alone.
public struct TowerCost: Sendable {
  /// A product of a block: [rows, inputs] · [inputs, outputs].
  public struct Product: Sendable {
    public let inputs: Int
    public let outputs: Int
    /// How often it runs in a pass.
    public let count: Int

    public init(inputs: Int, outputs: Int, count: Int) {
      self.inputs = inputs
      self.outputs = outputs
      self.count = count
    }
  }

  /// Rows of the sequence, on average over the blocks where some are dropped on the way.
  public let rows: Int
  /// Linear layers and patch embedding.
  public let linear: Double
  /// Attention's two products.
  public let attention: Double
  public let products: [Product]

  public init(rows: Int, linear: Double, attention: Double, products: [Product]) {
    self.rows = rows
    self.linear = linear
    self.attention = attention
    self.products = products
  }
}
