/// What can be wrong with a strategy, its options, a budget, the evidence or a plan. Cases carry facts; the wording is
/// in `message` and `hint`.
public enum PruningError: Error, Sendable, Hashable {
  /// A plan breaks a rule: a fault of the strategy, not of its input.
  case invalidPlan(String)

  case malformedBudget(String)
  case budgetNotPositive(String)
  case budgetAboveEverything(String)
  case budgetExceedsTotal(count: Int, total: Int)
  /// A share would be zero; `smallest` tokens of the image would be enough.
  case budgetTooSmall(Budget, smallest: Int, views: Int)
  case budgetWithoutStrategy(Budget)
  /// A method inside the decoder cannot go so low: its first blocks run on everything.
  case budgetBelowSchedule(Budget, strategy: String, smallest: Int)
  /// The strategy before a method inside the decoder sends fewer tokens than that one is to keep on average.
  case stageBelowBudget(strategy: String, sent: Int, wanted: Int)

  case malformedSpec(String, reason: String)
  case unknownStrategy(String, valid: [String])
  /// A joined spec is a method inside the tower, a strategy and one of the methods `inside` the decoder, in this order;
  /// one of them may be missing.
  case cannotJoin([String], inside: [String])
  /// A strategy in a joined spec does not say how much it sends, and what follows it finds its own number.
  case stageWithoutBudget(strategy: String, method: String)
  /// A method inside the decoder where there is none.
  case needsDecoder(strategy: String)
  /// A method inside the tower where there is none.
  case needsTower(strategy: String)
  /// A method inside the tower cannot leave so few tokens of a view.
  case reductionTooDeep(strategy: String, count: Int, smallest: Int, patches: Int)
  /// A strategy reads where tokens lie, after a method that merges them.
  case needsGrid(strategy: String, after: String)
  /// The strategy merges or drops rows inside a tower that needs them all.
  case needsPlainTower(strategy: String, alternatives: [String])
  case unknownOption(String, strategy: String, valid: [String])
  case duplicateOption(String, strategy: String)
  case invalidOption(String, value: String, strategy: String, expected: String)

  case layerOutOfRange(Int, option: String, strategy: String, depth: Int)
  /// A cut inside the decoder with no block before or after it.
  case cutOutsideDecoder(block: Int, strategy: String, depth: Int)
  case needsClassToken(strategy: String, alternatives: [String])
  /// The strategy reads what a model of this family does not have.
  /// `remedy` says what gives it to the model, if anything does.
  case modelLacks(String, strategy: String, remedy: String?, alternatives: [String])
  /// The strategy drops patches before the tower, which encodes whole views.
  case needsPartialViews(strategy: String, alternatives: [String])
  /// The strategy reads pixels, and the picture was already encoded.
  case needsPixels(strategy: String)
  case missingEvidence(EvidenceKind, view: Int)
  case malformedEvidence(EvidenceKind, view: Int, expected: String, found: String)
  case missingQuestionEvidence(QuestionEvidenceKind)
  case missingSharedEvidence(SharedEvidenceKind)
  /// What the question, or what belongs to no view, has another shape than the strategy reads.
  case malformedSharedEvidence(String, expected: String, found: String)
  /// The budget is of the method's own making, and this method makes none.
  case noOwnBudget(strategy: String, others: [String])
  /// Two options and the budget do not go together.
  case optionsExceedBudget(strategy: String, options: String, sum: Int, share: Int)
  /// A method samples around its best tokens, which works up to `largest` of them.
  case shareTooLarge(strategy: String, largest: String)
  /// A method counts the tokens that stand out, and none does.
  case nothingStandsOut(strategy: String)
  case nonFiniteScore(view: Int, token: Int)
}

extension PruningError {
  /// Whether the caller asked for something impossible (exit status 2), as opposed to bad data (1).
  public var isUsageError: Bool {
    switch self {
    case .invalidPlan, .missingEvidence, .missingQuestionEvidence, .missingSharedEvidence, .malformedEvidence,
      .malformedSharedEvidence, .nonFiniteScore, .nothingStandsOut:
      false
    default: true
    }
  }

  /// What is wrong, in one line.
  public var message: String {
    switch self {
    case .invalidPlan(let rule): "the strategy's plan is invalid: \(rule)"
    case .malformedBudget(let text): "\"\(text)\" is not a budget of visual tokens"
    case .budgetNotPositive(let text): "a budget of \(text) keeps nothing"
    case .budgetAboveEverything(let text): "a budget of \(text) is more than everything"
    case .budgetExceedsTotal(let count, let total):
      "a budget of \(count) visual tokens is more than the image's \(total)"
    case .budgetTooSmall(let budget, _, let views):
      "a budget of \(budget) leaves no visual token to \(views == 1 ? "the view" : "each of \(views) views")"
    case .budgetWithoutStrategy(let budget): "strategy none keeps everything, so it cannot keep \(budget)"
    case .budgetBelowSchedule(let budget, let strategy, _):
      "strategy \(strategy) cannot keep \(budget) on average: its first blocks run on everything"
    case .stageBelowBudget(let strategy, let sent, let wanted):
      "strategy \(strategy) sends \(sent) visual tokens, fewer than the \(wanted) to keep on average"
    default: strategyMessage
    }
  }

  private var strategyMessage: String {
    switch self {
    case .malformedSpec(let text, let reason): "\"\(text)\" is not a strategy: \(reason)"
    case .unknownStrategy(let name, _): "there is no strategy \"\(name)\""
    case .cannotJoin(let specs, _): "\(specs.joined(separator: " + ")) cannot be joined"
    case .stageWithoutBudget(let strategy, let method):
      "strategy \(strategy) stands before \(method) and does not say how many tokens it sends"
    case .needsDecoder(let strategy): "strategy \(strategy) drops tokens inside the decoder, and there is none here"
    case .needsTower(let strategy): "strategy \(strategy) acts inside the vision tower, and there is none here"
    case .reductionTooDeep(let strategy, let count, _, let patches):
      "strategy \(strategy) cannot leave \(count) of \(patches) tokens: a block merges half of its rows at most"
    case .needsGrid(let strategy, let method):
      "strategy \(strategy) reads where tokens lie, and \(method) merges them inside the tower"
    case .needsPlainTower(let strategy, _):
      "strategy \(strategy) takes rows out of the vision tower, and this one needs each for its merge groups"
    case .unknownOption(let option, let strategy, _): "strategy \(strategy) has no option \"\(option)\""
    case .duplicateOption(let option, let strategy): "strategy \(strategy): option \(option) is given twice"
    case .invalidOption(let option, let value, let strategy, let expected):
      "strategy \(strategy): \(option)=\(value) is not \(expected)"
    case .layerOutOfRange(let layer, let option, let strategy, let depth):
      "strategy \(strategy): \(option)=\(layer) is not one of the tower's \(depth) blocks"
    case .cutOutsideDecoder(let block, let strategy, let depth):
      "strategy \(strategy) drops tokens before block \(block), and this decoder has \(depth) blocks"
    case .needsClassToken(let strategy, _):
      "strategy \(strategy) reads the class token's attention, and this vision tower has no class token"
    case .modelLacks(let lacking, let strategy, _, _):
      "strategy \(strategy) reads \(lacking), which this model does not give"
    case .needsPartialViews(let strategy, _):
      "strategy \(strategy) drops patches before the vision tower, and this one encodes whole views"
    case .needsPixels(let strategy):
      "strategy \(strategy) reads pixels before the vision tower, and the picture was already encoded"
    case .missingEvidence(let kind, let view): "view \(view) has no \(kind)"
    case .missingQuestionEvidence(let kind): "the question has no \(kind)"
    case .missingSharedEvidence(let kind): "there is no \(kind)"
    case .malformedSharedEvidence(let name, let expected, let found):
      "\(name) should be \(expected), but is \(found)"
    case .noOwnBudget(let strategy, _): "strategy \(strategy) has no number of tokens of its own"
    case .optionsExceedBudget(let strategy, let options, let sum, let share):
      "strategy \(strategy): \(options) make \(sum) tokens of a view, and the budget is \(share)"
    case .shareTooLarge(let strategy, let largest):
      "strategy \(strategy) samples around at most \(largest) of the tokens"
    case .nothingStandsOut(let strategy): "strategy \(strategy) counts tokens that stand out, and none does"
    case .malformedEvidence(let kind, let view, let expected, let found):
      "view \(view): \(kind) should be \(expected), but is \(found)"
    case .nonFiniteScore(let view, let token): "view \(view): the score of token \(token) is not a finite number"
    default: ""
    }
  }

  /// What to do about it, in one line.
  public var hint: String {
    switch self {
    case .invalidPlan: "this is a fault of vlmprune: please report it with the command and the strategy"
    case .malformedBudget, .budgetNotPositive, .budgetAboveEverything:
      "give a number of tokens (128), a percentage (25%), a ratio between 0 and 1 (0.25), all or adaptive"
    case .budgetExceedsTotal(_, let total): "give at most \(total), or all"
    case .budgetTooSmall(_, let smallest, _): "the smallest budget here is \(smallest) visual tokens"
    case .budgetBelowSchedule(_, let strategy, let smallest):
      "keep \(smallest) tokens or more, or let \(strategy) cut earlier"
    case .stageBelowBudget(let strategy, _, let wanted):
      "keep fewer, or write \(strategy)(keep=…) with at least \(wanted)"
    case .budgetWithoutStrategy: "name a strategy (hiprune works with every model), or keep all"
    case .malformedSpec: "write name or name(option=value, option=value), for example hiprune(alpha=0.1)"
    case .unknownStrategy(_, let valid): "the strategies are \(valid.joined(separator: ", "))"
    case .cannotJoin(_, let inside):
      "write a strategy that prunes, then one of \(inside.joined(separator: ", ")): hiprune(keep=50%) + fastv; "
        + "tome or evit may come first"
    case .stageWithoutBudget(let strategy, let method):
      "write \(strategy)(keep=50%) + \(method); --keep is the average inside the decoder"
    case .needsDecoder, .needsTower: "run it with a model: ask, eval, sweep, bench, inspect or batch"
    case .reductionTooDeep(_, _, let smallest, let patches):
      "keep \(smallest) or more of each view's \(patches) tokens"
    case .needsGrid(let strategy, _): "run \(strategy) alone, or join one that goes by features or attention"
    case .unknownOption(_, let strategy, let valid):
      valid.isEmpty ? "\(strategy) takes no options" : "its options are \(valid.joined(separator: ", "))"
    case .duplicateOption(let option, _): "give \(option) once"
    case .invalidOption(let option, _, _, let expected): "set \(option) to \(expected), or leave it out"
    case .layerOutOfRange(_, let option, _, let depth):
      "set \(option) to 0…\(depth - 1), or to -1…-\(depth) to count from the end"
    case .cutOutsideDecoder(_, _, let depth): "name blocks of this decoder: cuts lie before blocks 1 to \(depth - 1)"
    case .modelLacks(_, _, let remedy?, let alternatives):
      "\(remedy); without it these work: \(alternatives.joined(separator: ", "))"
    case .needsClassToken(_, let alternatives), .modelLacks(_, _, nil, let alternatives),
      .needsPartialViews(_, let alternatives), .needsPlainTower(_, let alternatives):
      "these work on it: \(alternatives.joined(separator: ", "))"
    case .needsPixels: "run it on a picture, with ask or eval"
    case .missingEvidence(let kind, _): "collect \(kind), which the strategy asks for"
    case .missingQuestionEvidence: "give the question's embeddings, which the strategy compares tokens with"
    case .missingSharedEvidence(let kind): "give the \(kind), which the strategy reads"
    case .malformedEvidence, .malformedSharedEvidence, .nonFiniteScore: "check where the tensors come from"
    case .noOwnBudget(_, let others): "give a budget; \(others.joined(separator: ", ")) find their own"
    case .optionsExceedBudget: "make the options smaller, or leave them out, or give a larger budget"
    case .shareTooLarge: "give a smaller budget: it is the share of tokens that are kept by their score"
    case .nothingStandsOut: "give a budget: it is the share of tokens that are kept by their score"
    }
  }
}
