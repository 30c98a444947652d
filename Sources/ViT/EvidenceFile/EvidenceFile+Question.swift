import Kernels
import Pruning

extension EvidenceFile {
  /// What a strategy reads about the question.
  /// - Throws: as `image(providing:)`, and for a decoder's tensors that do not fit each other.
  public func question(providing evidence: Evidence) throws(EvidenceFileError) -> QuestionEvidence {
    var question: QuestionEvidence = [:]
    for kind in evidence.question {
      switch kind {
      case .embeddings, .clipTexts, .clipText: question[kind] = try matrix(.text)
      case .words: question[kind] = try matrix(.textEmbeddings)
      case .decoderBlock(let layer): question.prompt[layer] = try prompt(layer)
      }
    }
    return question
  }

  /// What belongs to no view and to no question.
  func shared(_ kinds: Set<SharedEvidenceKind>) throws(EvidenceFileError) -> SharedEvidence {
    var shared = SharedEvidence()
    for kind in SharedEvidenceKind.allCases where kinds.contains(kind) {
      switch kind {
      case .separator:
        let row = try values(of: .newline, view: nil).values
        shared.separator = Matrix(rows: 1, columns: row.count, values: row)
      case .projector: shared.projector = try projector()
      case .noise: if contains(.noise) { shared.noise = try matrix(.noise) }
      }
    }
    return shared
  }

  private func matrix(_ tensor: EvidenceTensor) throws(EvidenceFileError) -> Matrix {
    let (values, shape) = try values(of: tensor, view: nil)
    return Matrix(rows: shape[0], columns: shape[1], values: values)
  }

  private func projector() throws(EvidenceFileError) -> ProjectorWeights {
    let first = try matrix(.projector(.firstWeight))
    let second = try matrix(.projector(.secondWeight))
    guard second.columns == first.rows else {
      throw mismatch(.projector(.secondWeight), "[decoder width, \(first.rows)]", [second.rows, second.columns])
    }
    return ProjectorWeights(
      first: first, firstBias: try bias(.firstBias, of: first), second: second,
      secondBias: try bias(.secondBias, of: second))
  }

  private func bias(
    _ part: EvidenceTensor.ProjectorPart, of weight: Matrix
  ) throws(EvidenceFileError) -> [Float] {
    let bias = try values(of: .projector(part), view: nil).values
    guard bias.count == weight.rows else { throw mismatch(.projector(part), "[\(weight.rows)]", [bias.count]) }
    return bias
  }

  private func prompt(_ layer: Int) throws(EvidenceFileError) -> DecodedPrompt {
    let (values, shape) = try values(of: .decoderKeys(layer), view: nil)
    let states = try matrix(.decoderStates(layer))
    let (heads, tokens, headWidth) = (shape[0], shape[1], shape[2])
    guard states.rows == tokens else {
      throw mismatch(.decoderStates(layer), "[\(tokens), width]", [states.rows, states.columns])
    }
    var keys = Matrix(rows: tokens, columns: heads * headWidth)
    for head in 0..<heads {
      for token in 0..<tokens {
        for place in 0..<headWidth {
          keys[token, head * headWidth + place] = values[(head * tokens + token) * headWidth + place]
        }
      }
    }
    return DecodedPrompt(keys: keys, states: states, imageStart: try imageStart())
  }
}
