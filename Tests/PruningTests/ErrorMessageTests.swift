import Testing

@testable import Pruning

@Suite struct `Messages and hints` {
  @Test(
    arguments: [
      (
        .invalidPlan("x"), "the strategy's plan is invalid: x",
        "this is a fault of vlmprune: please report it with the command and the strategy"
      ),
      (
        .malformedBudget("abc"), "\"abc\" is not a budget of visual tokens",
        "give a number of tokens (128), a percentage (25%), a ratio between 0 and 1 (0.25), all or adaptive"
      ),
      (
        .budgetNotPositive("-3"), "a budget of -3 keeps nothing",
        "give a number of tokens (128), a percentage (25%), a ratio between 0 and 1 (0.25), all or adaptive"
      ),
      (
        .budgetAboveEverything("120%"), "a budget of 120% is more than everything",
        "give a number of tokens (128), a percentage (25%), a ratio between 0 and 1 (0.25), all or adaptive"
      ),
      (
        .budgetExceedsTotal(count: 600, total: 576), "a budget of 600 visual tokens is more than the image's 576",
        "give at most 576, or all"
      ),
      (
        .budgetTooSmall(.count(4), smallest: 5, views: 5), "a budget of 4 leaves no visual token to each of 5 views",
        "the smallest budget here is 5 visual tokens"
      ),
      (
        .budgetTooSmall(.ratio(0.001), smallest: 24, views: 1), "a budget of 0.1% leaves no visual token to the view",
        "the smallest budget here is 24 visual tokens"
      ),
      (
        .noOwnBudget(strategy: "s", others: ["a", "b"]), "strategy s has no number of tokens of its own",
        "give a budget; a, b find their own"
      ),
      (
        .optionsExceedBudget(strategy: "s", options: "a=9 and b=2", sum: 11, share: 10),
        "strategy s: a=9 and b=2 make 11 tokens of a view, and the budget is 10",
        "make the options smaller, or leave them out, or give a larger budget"
      ),
      (
        .needsFrames(strategy: "s"), "strategy s compares a video's frames, all of one size, and there are none here",
        "give a video, or name another strategy"
      ),
      (
        .shareTooLarge(strategy: "s", largest: "a third"), "strategy s samples around at most a third of the tokens",
        "give a smaller budget: it is the share of tokens that are kept by their score"
      ),
      (
        .nothingStandsOut(strategy: "s"), "strategy s counts tokens that stand out, and none does",
        "give a budget: it is the share of tokens that are kept by their score"
      ),
      (
        .modelLacks("newline row", strategy: "s", remedy: nil, alternatives: ["a", "b"]),
        "strategy s reads newline row, which this model does not give", "these work on it: a, b"
      ),
      (
        .modelLacks("texts", strategy: "s", remedy: "name it", alternatives: ["a", "b"]),
        "strategy s reads texts, which this model does not give", "name it; without it these work: a, b"
      ),
      (
        .missingSharedEvidence(.separator), "there is no newline row", "give the newline row, which the strategy reads"
      ),
      (
        .malformedSharedEvidence("the noise", expected: "2 × 3", found: "3 × 2"),
        "the noise should be 2 × 3, but is 3 × 2", "check where the tensors come from"
      ),
      (
        .budgetWithoutStrategy(.count(64)), "strategy none keeps everything, so it cannot keep 64",
        "name a strategy (hiprune works with every model), or keep all"
      ),
      (
        .malformedSpec("a(", reason: "its options do not end with a parenthesis"),
        "\"a(\" is not a strategy: its options do not end with a parenthesis",
        "write name or name(option=value, option=value), for example hiprune(alpha=0.1)"
      ),
      (
        .unknownStrategy("x", valid: ["a", "b"]), "there is no strategy \"x\"", "the strategies are a, b"
      ),
      (
        .unknownOption("x", strategy: "s", valid: ["a", "b"]), "strategy s has no option \"x\"", "its options are a, b"
      ),
      (.unknownOption("x", strategy: "s", valid: []), "strategy s has no option \"x\"", "s takes no options"),
      (.duplicateOption("a", strategy: "s"), "strategy s: option a is given twice", "give a once"),
      (
        .invalidOption("a", value: "9", strategy: "s", expected: "a number from 0 to 1"),
        "strategy s: a=9 is not a number from 0 to 1", "set a to a number from 0 to 1, or leave it out"
      ),
      (
        .layerOutOfRange(40, option: "object", strategy: "s", depth: 24),
        "strategy s: object=40 is not one of the tower's 24 blocks",
        "set object to 0…23, or to -1…-24 to count from the end"
      ),
      (
        .needsClassToken(strategy: "s", alternatives: ["a", "b"]),
        "strategy s reads the class token's attention, and this vision tower has no class token",
        "these work on it: a, b"
      ),
      (
        .missingEvidence(.classAttention(layer: 3), view: 1), "view 1 has no class attention of block 3",
        "collect class attention of block 3, which the strategy asks for"
      ),
      (
        .malformedEvidence(.projected, view: 0, expected: "4 × n", found: "3 × 2"),
        "view 0: projected features should be 4 × n, but is 3 × 2", "check where the tensors come from"
      ),
      (
        .nonFiniteScore(view: 2, token: 9), "view 2: the score of token 9 is not a finite number",
        "check where the tensors come from"
      ),
    ] as [(PruningError, String, String)])
  func `an error says what is wrong and what to do`(error: PruningError, message: String, hint: String) {
    #expect(error.message == message)
    #expect(error.hint == hint)
  }

  @Test func `what the caller asked for is a usage error`() {
    #expect(PruningError.malformedBudget("x").isUsageError)
    #expect(PruningError.needsClassToken(strategy: "s", alternatives: []).isUsageError)
    #expect(!PruningError.nonFiniteScore(view: 0, token: 0).isUsageError)
    #expect(!PruningError.invalidPlan("x").isUsageError)
  }
}
