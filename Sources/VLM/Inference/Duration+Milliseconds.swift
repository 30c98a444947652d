extension Duration {
  /// In milliseconds, fractions included: how reports state times.
  public var milliseconds: Double {
    Double(components.seconds) * 1000 + Double(components.attoseconds) / 1e15
  }
}
