import Kernels

/// A method that treats each view alone: it decides about one view, and the image's plan follows from that.
public protocol ViewStrategy: PruningStrategy {
  /// What each view may keep; int(N·tokens ÷ all tokens) or int(R·tokens) unless the method counts otherwise.
  func shares(of budget: Budget, in picture: PictureDescription) throws(PruningError) -> [Int]
  /// Chooses about `share` tokens of one view.
  func decide(_ view: ViewInput, keeping share: Int, in context: inout PlanContext) throws(PruningError)
    -> ViewDecision
}

/// What was decided about one view.
public struct ViewDecision: Sendable {
  public let plan: ViewPlan
  /// What the tokens were ranked by; empty when the method ranks nothing.
  public let scores: [Double]

  /// Keeps `tokens` in raster order.
  public init(keeping tokens: some Sequence<Int>, scores: [Double] = []) {
    self.init(plan: ViewPlan(keeping: tokens.sorted()), scores: scores)
  }

  public init(plan: ViewPlan, scores: [Double] = []) {
    self.plan = plan
    self.scores = scores
  }
}

extension ViewStrategy {
  public func shares(of budget: Budget, in picture: PictureDescription) throws(PruningError) -> [Int] {
    try budget.shares(of: picture.tokens)
  }

  public func plan(
    _ image: EncodedImage, question: QuestionEvidence, keeping budget: Budget, in context: inout PlanContext
  ) throws(PruningError) -> ImagePlan {
    try plan(image, question: question, keeping: budget, count: .withinBudget, in: &context)
  }

  /// The views' decisions, arranged.
  /// - Parameter count: whether the shares limit the number of rows.
  public func plan(
    _ image: EncodedImage, question: QuestionEvidence, keeping budget: Budget, count: ImagePlan.Count,
    in context: inout PlanContext
  ) throws(PruningError) -> ImagePlan {
    let shares = try shares(of: budget, in: image.picture)
    var decisions: [ViewDecision] = []
    for (index, share) in shares.enumerated() {
      let view = ViewInput(image: image, question: question, index: index)
      decisions.append(try decide(view, keeping: share, in: &context))
    }
    return try ImagePlan(
      arranging: decisions.map(\.plan), of: image.picture, limit: shares.reduce(0, +), count: count,
      scores: decisions.map(\.scores).filter { !$0.isEmpty })
  }
}
