/// Where results go: `rows` rows of `count` elements, `stride` apart, inside a larger matrix. The initialiser checks
/// that it lies inside its memory.
struct Block {
  let start: UnsafeMutablePointer<Float>
  let stride: Int
  let rows: Int
  let count: Int

  /// - Parameter offset: of the first element in `memory`.
  init(_ memory: SharedSpan<Float>, from offset: Int = 0, stride: Int, rows: Int, count: Int) {
    precondition(rows > 0 && count > 0 && (rows == 1 || stride >= count), "a block has rows that do not overlap")
    guard let start = memory.writable(offset..<offset + (rows - 1) * stride + count).baseAddress else {
      preconditionFailure("a block has memory")
    }
    self.start = start
    self.stride = stride
    self.rows = rows
    self.count = count
  }

  /// One of its rows.
  subscript(row: Int) -> UnsafeMutableBufferPointer<Float> {
    precondition(row >= 0 && row < rows, "a row lies inside its block")
    return UnsafeMutableBufferPointer(start: start + row * stride, count: count)
  }
}

/// Factors for the activations of a block: [rows, count] as the block, `stride` values between rows.
struct Factors {
  let values: UnsafeBufferPointer<Float>
  let stride: Int

  /// Whether there is one for each element of `block`.
  func cover(_ block: Block) -> Bool { values.count >= (block.rows - 1) * stride + block.count }
}
