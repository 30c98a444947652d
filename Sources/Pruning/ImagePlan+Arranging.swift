extension ImagePlan {
  /// Arranges the views' rows for strategies that treat each view alone. Rows over padding may not be sent; their slots
  /// then stay empty.
  /// - Throws: `invalidPlan`.
  public init(
    arranging views: [ViewPlan], of picture: PictureDescription, limit: Int, count: Count = .withinBudget,
    scores: [[Double]] = []
  ) throws(PruningError) {
    let arranged = picture.pruned.sequence(of: views)
    try self.init(
      views: arranged.views, sequence: arranged.sequence, tokens: picture.tokens, limit: limit, count: count,
      scores: scores)
  }

  /// Keeps everything: the whole picture as its family sends it unpruned.
  public static func dense(of picture: PictureDescription) -> ImagePlan {
    let everything = picture.tokens.map { ViewPlan(keeping: Array(0..<$0)) }
    let arranged = picture.unpruned.sequence(of: everything)
    return ImagePlan(unchecked: arranged.views, sequence: arranged.sequence, tokens: picture.tokens)
  }
}
