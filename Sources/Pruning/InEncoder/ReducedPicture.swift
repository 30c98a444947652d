import Basics

extension PictureDescription {
  /// The picture as strategies see it after a tower that merged or dropped rows: each view a single row of tokens that
  /// lie nowhere, and no view beside another.
  /// - Parameter tokens: of each view, what left the tower.
  public func reduced(to tokens: [Int]) -> PictureDescription {
    precondition(tokens.count == layout.views && !tower.mergesPatches, "one number a view, and no merge groups")
    let parts = pruned.parts.flatMap { part -> [Arrangement.Part] in
      switch part {
      case .classToken, .view: [part]
      case .raster(let raster): (0..<raster.crops.count).map { .view(raster.first + $0) }
      }
    }
    return PictureDescription(
      tower: tower, layout: layout.views == 1 ? .single : .frames(layout.views),
      patchGrids: tokens.map { Grid(rows: 1, columns: $0) }, imageSize: imageSize, digest: digest,
      unpruned: Arrangement(parts), pruned: Arrangement(parts))
  }
}

extension ImagePlan {
  /// A plan of tokens that left a tower, arranged by the patches whose places they take.
  /// - Parameters:
  ///   - reduced: of each view.
  ///   - arrangement: how the picture's tokens are sent; nil: in the plan's order.
  /// - Returns: the plan of those tokens, and the same rows in terms of patches. There, a merged row has the weights of
  ///   a plain mean: the tower merges step by step, so it has none of its own.
  public func placed(
    by reduced: [ReducedView], arrangement: Arrangement?
  ) -> (present: ImagePlan, patches: ImagePlan) {
    precondition(reduced.count == views.count, "one reduced view a view")
    let total = reduced.reduce(0) { $0 + $1.fused }
    var fused = 0
    var (present, patches) = (views, [ViewPlan]())
    for (view, reduced) in zip(views, reduced) {
      patches.append(view.spread(over: reduced, firstFused: fused, firstMerged: total))
      fused += reduced.fused
    }
    var sequence = sequence
    if let arrangement, arrangement.parts.contains(where: { if case .raster = $0 { true } else { false } }) {
      for case .raster(let raster) in arrangement.parts {
        for crop in 0..<raster.crops.count {
          let view = raster.first + crop
          let sent = (0..<patches[view].rows).filter { raster.sends(patches[view].anchors[$0], inCrop: crop) }
          present[view] = present[view].keeping(rows: sent)
          patches[view] = patches[view].keeping(rows: sent)
        }
      }
      sequence = arrangement.sequence(of: patches).sequence
    }
    let scores = scores.isEmpty ? reduced.map(\.detail) : zip(scores, reduced).map { $1.spread($0) }
    return (
      ImagePlan(unchecked: present, sequence: sequence, tokens: tokens, count: count, weights: weights),
      ImagePlan(
        unchecked: patches, sequence: sequence, tokens: reduced.map(\.patches), count: count, weights: weights,
        scores: scores)
    )
  }
}

extension ReducedView {
  /// For each patch, the score of the token that it ended in; the lowest one for patches in none.
  fileprivate func spread(_ scores: [Double]) -> [Double] {
    owners.map { owner in owner.map { scores[$0] } ?? scores.min() ?? 0 }
  }

  /// For drawings: how much of its token each patch is, so that what was merged widely looks cold.
  fileprivate var detail: [Double] {
    owners.map { owner in owner.map { 1 / Double(tokens[$0].sources.count) } ?? 0 }
  }
}

extension ViewPlan {
  /// The same rows in terms of the patches in each token.
  /// - Parameters:
  ///   - firstFused: fused rows of the views before.
  ///   - firstMerged: fused rows of all views, after which those count that a strategy merges.
  fileprivate func spread(over reduced: ReducedView, firstFused: Int, firstMerged: Int) -> ViewPlan {
    func place(of anchor: Int) -> Int {
      switch anchor {
      case Self.classSource: return anchor
      case ...Self.mergedAnchor: return anchor - firstMerged
      default:
        let place = reduced.tokens[anchor].anchor
        return place < 0 ? place - firstFused : place
      }
    }
    return ViewPlan(
      (0..<rows).map { row in
        var (sources, weights): ([Int], [Float]) = ([], [])
        for member in rowStarts[row]..<rowStarts[row + 1] {
          let source = self.sources[member]
          let patches = source == Self.classSource ? [source] : reduced.tokens[source].sources
          sources += patches
          weights += patches.map { _ in self.weights[member] / Float(patches.count) }
        }
        return Row(
          sources: sources, weights: weights, anchor: place(of: anchors[row]), isContextual: contextual.contains(row))
      })
  }
}

extension [ReducedView] {
  /// For each patch of all views, the code of the token that it ended in: view · N + patch, −200 − m for the m-th fused
  /// token, −1 nowhere.
  public var ownerCodes: [Int] {
    var (first, fused) = (0, 0)
    return flatMap { view -> [Int] in
      defer { (first, fused) = (first + view.patches, fused + view.fused) }
      return view.owners.map { owner in
        guard let owner else { return -1 }
        let anchor = view.tokens[owner].anchor
        return anchor >= 0 ? first + anchor : -200 + anchor - ViewPlan.mergedAnchor - fused
      }
    }
  }
}
