/// Levenshtein distance: the fewest insertions, deletions and replacements that turn one sequence into another.
enum EditDistance {
  static func between<Element: Equatable>(_ first: [Element], _ second: [Element]) -> Int {
    var row = Array(0...second.count)
    for (index, element) in first.enumerated() {
      var diagonal = row[0]
      row[0] = index + 1
      for column in second.indices {
        let replaced = diagonal + (element == second[column] ? 0 : 1)
        diagonal = row[column + 1]
        row[column + 1] = min(replaced, diagonal + 1, row[column] + 1)
      }
    }
    return row[second.count]
  }
}
