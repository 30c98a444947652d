import Kernels

/// What was measured about the question. Quantities that were not requested are absent.
public struct QuestionEvidence: Sendable, Equatable, ExpressibleByDictionaryLiteral {
  private var rows: [QuestionEvidenceKind: Matrix] = [:]
  /// The prompt inside the decoder, by 0-based block.
  public var prompt: [Int: DecodedPrompt] = [:]

  public init(dictionaryLiteral elements: (QuestionEvidenceKind, Matrix)...) {
    rows = Dictionary(uniqueKeysWithValues: elements)
  }

  /// The rows of one kind.
  public subscript(kind: QuestionEvidenceKind) -> Matrix? {
    get { rows[kind] }
    set { rows[kind] = newValue }
  }

  /// The rows of one kind, at least one and all finite.
  /// - Throws: `missingQuestionEvidence` or `malformedSharedEvidence`.
  public func rows(of kind: QuestionEvidenceKind) throws(PruningError) -> Matrix {
    guard let rows = rows[kind], rows.rows > 0 else { throw .missingQuestionEvidence(kind) }
    guard rows.values.allSatisfy(\.isFinite) else {
      throw .malformedSharedEvidence("\(kind)", expected: "finite", found: "not")
    }
    return rows
  }
}

/// A prompt inside the decoder: what a method reads that prunes before the next block.
public struct DecodedPrompt: Sendable, Equatable {
  /// Keys after rotation, all heads side by side: [tokens, heads · headWidth].
  public let keys: Matrix
  /// Outputs after the decoder's final norm: [tokens, width].
  public let states: Matrix
  /// Position of the first visual token; visual tokens follow each other, views in order.
  public let imageStart: Int

  public init(keys: Matrix, states: Matrix, imageStart: Int) {
    precondition(keys.rows == states.rows && imageStart >= 0, "one key and one state a token")
    self.keys = keys
    self.states = states
    self.imageStart = imageStart
  }
}
