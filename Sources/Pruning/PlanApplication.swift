import Kernels

extension ViewPlan {
  /// Applies the plan to one view's features.
  /// - Parameters:
  ///   - features: [tokens, width].
  ///   - classToken: the class token's features, [width], for plans that send it.
  /// - Returns: [rows, width]. A row that keeps one source is copied bit for bit; averages are summed in double.
  public func applied(to features: Matrix, classToken: [Float]? = nil) -> Matrix {
    let width = features.columns
    precondition(classToken.map { $0.count == width } ?? true, "the class token is as wide as the features")
    var values: [Float] = []
    values.reserveCapacity(rows * width)
    func source(_ index: Int) -> ArraySlice<Float> {
      guard index == Self.classSource else { return features.row(index) }
      guard let classToken else { preconditionFailure("the plan sends the class token, which was not given") }
      return classToken[...]
    }
    for row in 0..<rows {
      let members = rowStarts[row]..<rowStarts[row + 1]
      if members.count == 1, weights[members.lowerBound] == 1 {
        values += source(sources[members.lowerBound])
        continue
      }
      var sums = [Double](repeating: 0, count: width)
      for member in members {
        let weight = Double(weights[member])
        for (column, value) in source(sources[member]).enumerated() { sums[column] += weight * Double(value) }
      }
      values += sums.map { Float($0) }
    }
    return Matrix(rows: rows, columns: width, values: values)
  }
}

extension ImagePlan {
  /// Kept rows in the order of the sequence, and the places of the separators among them.
  public struct Application: Sendable, Equatable {
    /// [kept tokens and class tokens, width], separators and rows of zeros left out.
    public let rows: Matrix
    /// Positions of the separators in the whole sequence, ascending.
    public let separators: [Int]
    /// Positions of the rows of zeros in the whole sequence, ascending.
    public let zeros: [Int]
  }

  /// Applies the plan to the features of every view.
  /// - Parameters:
  ///   - features: [tokens, width], one per view.
  ///   - classTokens: [views, width], for plans and arrangements that send class tokens.
  public func applied(to features: [Matrix], classTokens: Matrix? = nil) -> Application {
    precondition(features.count == views.count, "one feature matrix a view")
    let width = features[0].columns
    let parts = views.indices.map { view in
      views[view].applied(to: features[view], classToken: classTokens.map { Array($0.row(view)) })
    }
    var values: [Float] = []
    values.reserveCapacity(sequence.count * width)
    var separators: [Int] = []
    var zeros: [Int] = []
    for (position, item) in sequence.enumerated() {
      switch item {
      case .row(let view, let row): values += parts[view].row(row)
      case .classToken(let view):
        guard let classTokens else { preconditionFailure("the plan sends class tokens, which were not given") }
        values += classTokens.row(view)
      case .separator: separators.append(position)
      case .zeros: zeros.append(position)
      }
    }
    let rows = sequence.count - separators.count - zeros.count
    return Application(
      rows: Matrix(rows: rows, columns: width, values: values), separators: separators, zeros: zeros)
  }

  /// How the items of a pruned sequence are numbered.
  public enum Positions: Sendable, Hashable {
    /// 0, 1, 2, …: as if the pruned sequence were all there is.
    case renumbered
    /// Each item keeps the number that it had in the sequence before pruning.
    case original
  }

  /// Position numbers of the sequence's items, from 0.
  /// - Parameter dense: the sequence before pruning. A row takes its anchor's number, a class token that of its view's
  ///   first item. Separators are matched in order if there are equally many, else with the next one after a row. What
  ///   `dense` lacks, such as padding, takes the number of the item before it.
  public func positions(_ numbering: Positions, before dense: ImagePlan) -> [Int] {
    guard numbering == .original else { return Array(sequence.indices) }
    var places: [[Int: Int]] = dense.views.map { _ in [:] }
    var separators: [Int] = []
    for (position, item) in dense.sequence.enumerated() {
      switch item {
      case .row(let view, let row): places[view][dense.views[view].anchors[row]] = position
      case .classToken(let view): places[view][ViewPlan.classSource] = position
      case .separator: separators.append(position)
      case .zeros: break
      }
    }
    let matches = separators.count == sequence.count { $0 == .separator }
    var remaining = separators[...]
    var last = 0
    var followsRow = false
    return sequence.map { item in
      switch item {
      case .row(let view, let row):
        let anchor = views[view].anchors[row]
        last = places[view][anchor] ?? (anchor == ViewPlan.classSource ? places[view][0] : nil) ?? last
        followsRow = true
      case .classToken(let view):
        last = places[view][ViewPlan.classSource] ?? places[view][0] ?? last
        followsRow = true
      case .separator:
        if matches {
          last = remaining.popFirst() ?? last
        } else if followsRow {
          last = separators.first { $0 > last } ?? last
        }
        followsRow = false
      case .zeros: break
      }
      return last
    }
  }
}

extension ImagePlan {
  /// Whether every row is a plain copy of a token, so that a row-wise function may run before or after rows are
  /// gathered.
  public var copiesRows: Bool {
    sequence.allSatisfy { if case .classToken = $0 { false } else { true } }
      && views.allSatisfy { view in
        view.sources.count == view.rows && view.weights.allSatisfy { $0 == 1 }
          && view.sources.allSatisfy { $0 != ViewPlan.classSource }
      }
  }
}
