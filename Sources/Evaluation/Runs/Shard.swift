/// One of several equal parts of a question file, so that several processes can share the work: `--shard 2/8`.
public struct Shard: Sendable, Hashable, CustomStringConvertible {
  /// More than any cluster has; a bound, so that a damaged count costs no time.
  public static let mostParts = 65_536

  /// Counted from 1.
  public let number: Int
  public let count: Int

  public init?(number: Int, of count: Int) {
    guard (1...Self.mostParts).contains(count), (1...count).contains(number) else { return nil }
    self.number = number
    self.count = count
  }

  /// Parses "2/8"; nil for anything else.
  public init?(parsing text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { (48...57).contains($0) } }),
      let number = Int(parts[0]), let count = Int(parts[1])
    else { return nil }
    self.init(number: number, of: count)
  }

  public var description: String { "\(number)/\(count)" }

  /// The indices of this part's questions, contiguous in the order of the file. Adjacent questions about one image
  /// stay together, so that no two processes encode it. A part may be empty.
  /// - Parameter images: the image of each question.
  public func range(of images: [String]) -> Range<Int> {
    Self.cut(images, at: number - 1, of: count)..<Self.cut(images, at: number, of: count)
  }

  /// The first index at or after an even cut where a new image begins.
  private static func cut(_ images: [String], at part: Int, of count: Int) -> Int {
    // Multiplied in full width, so that no number of shards overflows.
    let (high, low) = images.count.multipliedFullWidth(by: part)
    var index = count.dividingFullWidth((high, low)).quotient
    while index > 0, index < images.count, images[index] == images[index - 1] { index += 1 }
    return index
  }
}
