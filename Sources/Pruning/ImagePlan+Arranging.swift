extension ImagePlan {
  /// Arranges the views' rows as strategies send them that treat each view alone. Rows over padding may not be sent;
  /// their slots stay empty then.
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

  /// Everything of a picture, as its family sends it unpruned: what keeping all means.
  public static func dense(of picture: PictureDescription) -> ImagePlan {
    let everything = picture.tokens.map { ViewPlan(keeping: Array(0..<$0)) }
    let arranged = picture.unpruned.sequence(of: everything)
    return ImagePlan(unchecked: arranged.views, sequence: arranged.sequence, tokens: picture.tokens)
  }
}
