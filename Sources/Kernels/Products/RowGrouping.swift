/// Whether the rows of a product belong together.
public enum RowGrouping: Sendable, Hashable {
  /// As is fastest: how many rows there are may change the order of sums.
  case together
  /// Rows of different answers: each row's result equals, in every bit, what the row would have alone. Weights are
  /// still read from memory once for all rows.
  case eachAlone
}
