/// Where a method was published.
public struct Paper: Sendable, Hashable, Encodable {
  public let title: String
  /// Its number there: "2412.01818".
  public let arxiv: String
  /// The conference, with the year; nil: a preprint.
  public let venue: String?

  public init(_ title: String, arXiv: String, venue: String? = nil) {
    self.title = title
    arxiv = arXiv
    self.venue = venue
  }
}

/// Where a method drops tokens.
public enum PruningPlace: String, Sendable, Hashable, Encodable, CaseIterable {
  case beforeTower = "before the tower"
  case insideTower = "inside the tower"
  case beforeDecoder = "between tower and decoder"
  case insideDecoder = "inside the decoder"
}
