/// Takes every named intermediate of a computation, for parity, probing and pictures. It is the one seam through which
/// anything looks at a computation: towers, families and decoders hand over what they compute as they go.
public protocol TensorSink: AnyObject {
  /// - Parameters:
  ///   - name: `vision.block.07`, `decoder.block.00`: the names are `inspect`'s contract.
  ///   - shape: of the row-major values.
  func take(_ name: String, shape: [Int], _ values: [Float])
}

extension TensorSink {
  /// A tensor of a block, whose name ends with the block's number in at least two digits.
  public func take(_ name: String, block: Int, shape: [Int], _ values: [Float]) {
    take("\(name).\(block < 10 ? "0" : "")\(block)", shape: shape, values)
  }
}
