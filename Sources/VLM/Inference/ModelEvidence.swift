import Kernels
import Pruning

extension VisionLanguageModel {
  /// What a strategy reads about the question.
  public func questionEvidence(_ kinds: Set<QuestionEvidenceKind>, of question: String) -> QuestionEvidence {
    var evidence: QuestionEvidence = [:]
    for kind in kinds {
      switch kind {
      case .embeddings: evidence[kind] = textEmbeddings(question)
      case .words: evidence[kind] = wordEmbeddings(question)
      case .clipTexts: evidence[kind] = textTower?.segments(of: question, workers: workers)
      case .clipText:
        evidence[kind] = textTower?.whole(question.replacing("<image>", with: " "), workers: workers)
      case .decoderBlock: break
      }
    }
    return evidence
  }

  /// What a strategy reads of the model itself.
  func sharedEvidence(_ kinds: Set<SharedEvidenceKind>) -> SharedEvidence {
    SharedEvidence(
      separator: kinds.contains(.separator)
        ? family.separator.map { Matrix(rows: 1, columns: $0.count, values: $0) } : nil,
      projector: kinds.contains(.projector) ? family.projectorWeights(workers: workers) : nil)
  }

  /// The question's token embeddings, [tokens, decoder width]: the space in which projected tokens live too.
  public func textEmbeddings(_ question: String) -> Matrix {
    let tokens = tokenizer.encode(question, addSpecialTokens: false)
    return decoder.embed(tokens.filter { $0 < decoder.configuration.vocabulary })
  }

  /// The same of the words that carry the question's meaning: [tokens, decoder width].
  public func wordEmbeddings(_ question: String) -> Matrix { textEmbeddings(QuestionWords.content(of: question)) }

  /// Each view's features in CLIP's joint space.
  /// - Throws: if the text tower's checkpoint is of another vision tower.
  func clipRows(of features: [Matrix]) throws(VLMError) -> [Matrix] {
    guard let textTower else { return [] }
    let expected = textTower.space.configuration.visionWidth
    return try features.map { (rows) throws(VLMError) in
      guard rows.columns == expected else {
        throw .foreignTextTower(folder: textTower.folder, expected: expected, found: rows.columns)
      }
      return textTower.space.project(rows, workers: workers)
    }
  }

  /// Refuses evidence that this model cannot give, and names the strategies that it gives all they read.
  /// - Throws: `PruningError.modelLacks`.
  func check(_ evidence: Evidence, of strategy: any PruningStrategy) throws(PruningError) {
    guard let lacking = lacking(in: evidence) else { return }
    throw .modelLacks(
      lacking.name, strategy: type(of: strategy).name, remedy: lacking.remedy, alternatives: fittingStrategies.names)
  }

  /// The strategies that prune and to which this model gives all that they read.
  var fittingStrategies: StrategyCatalogue {
    let tower = towerDescription
    let encodesSomeCells = type(of: family).encodesSomeCells
    let reducesInsideTower = type(of: family).reducesInsideTower
    return StrategyCatalogue(
      StrategyCatalogue.standard.strategies.filter { type in
        guard type.prunes, tower.hasClassToken || !type.needsClassToken,
          encodesSomeCells || !(type is any BeforeEncoderPruning.Type),
          reducesInsideTower || !(type is any TowerReducing.Type),
          let strategy = try? StrategyCatalogue.standard.make(parsing: type.name),
          let evidence = try? strategy.evidence(on: tower)
        else { return false }
        return lacking(in: evidence) == nil
      })
  }

  /// What the model cannot give of `evidence`, and what would help; nil if it gives everything.
  private func lacking(in evidence: Evidence) -> (name: String, remedy: String?)? {
    for kind in evidence.question.sorted(by: { $0.description < $1.description }) {
      switch kind {
      case .embeddings, .words: continue
      case .clipTexts, .clipText:
        if textTower == nil { return (kind.description, "name a CLIP checkpoint with --text-tower") }
      case .decoderBlock: return (kind.description, nil)
      }
    }
    if evidence.shared.contains(.separator), family.separator == nil {
      return (SharedEvidenceKind.separator.description, nil)
    }
    if evidence.shared.contains(.projector), !family.hasPlainProjector {
      return (SharedEvidenceKind.projector.description, nil)
    }
    return nil
  }
}
