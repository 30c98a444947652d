import Kernels

/// What was measured for one kind of evidence.
public enum EvidenceValue: Sendable, Equatable {
  /// [heads, tokens] or [tokens, width], as the kind says.
  case matrix(Matrix)
  /// [tokens], in double.
  case vector([Double])
  case means(PatchMeans)
}

/// Column and row means of a head-mean patch–patch block, in double: what each patch receives and what it gives.
public struct PatchMeans: Sendable, Hashable {
  /// c_j = mean over patch queries i: [tokens].
  public var received: [Double]
  /// r_i = mean over patch keys j: [tokens].
  public var given: [Double]

  public init(received: [Double], given: [Double]) {
    precondition(received.count == given.count, "one received and one given mean a token")
    self.received = received
    self.given = given
  }
}

/// What was measured on one view. Quantities that were not requested are absent.
public typealias ViewEvidence = [EvidenceKind: EvidenceValue]
