/// What a report says about a run before its figures.
enum RunFacts {
  /// Pairs of name and value; values are foreign text.
  static func of(_ contents: RunContents) -> [(String, String)] {
    let description = contents.description
    let images = Set(contents.run.images.compactMap { $0 }).count
    let facts: [(String, String?)] = [
      ("Questions", "\(contents.statistics.n)"), ("Images", images > 0 ? "\(images)" : nil),
      ("Settings", "\(contents.statistics.rows.count)"), ("Metric", description.metric),
      ("Precision", description.precision), ("Question file", description.questionFile),
      ("Seed", "\(description.seed)"), ("Shard", description.shard), ("Grid", description.grid),
      ("Packing", description.packing), ("Positions", description.positions), ("Template", description.template),
      ("System text", description.system),
    ]
    return facts.compactMap { name, value in value.map { (name, $0) } }
  }
}
