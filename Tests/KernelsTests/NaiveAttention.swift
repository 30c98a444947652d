import Foundation
import Kernels

/// Attention as its formula says, in double and with the whole map in memory: what the kernels are compared with.
struct NaiveAttention {
  let heads: Int
  let tokens: Int
  let prefix: Int
  /// q·k / √headWidth, [heads][tokens · tokens].
  let logits: [[Double]]
  /// Softmax of each row, likewise.
  let maps: [[Double]]
  /// [tokens, heads · headWidth].
  let context: [Double]

  init(queries: [Float], keys: [Float], values: [Float], tokens: Int, heads: Int, headWidth: Int, prefix: Int) {
    self.heads = heads
    self.tokens = tokens
    self.prefix = prefix
    let width = heads * headWidth
    var logits: [[Double]] = []
    var maps: [[Double]] = []
    var context = [Double](repeating: 0, count: tokens * width)
    for head in 0..<heads {
      func element(_ matrix: [Float], _ token: Int, _ channel: Int) -> Double {
        Double(matrix[token * width + head * headWidth + channel])
      }
      var rows: [Double] = []
      var probabilities: [Double] = []
      for query in 0..<tokens {
        let row = (0..<tokens).map { key in
          (0..<headWidth).reduce(0.0) { $0 + element(queries, query, $1) * element(keys, key, $1) }
            / Double(headWidth).squareRoot()
        }
        let softened = Self.softmax(row)
        rows += row
        probabilities += softened
        for channel in 0..<headWidth {
          context[query * width + head * headWidth + channel] =
            (0..<tokens).reduce(0.0) { $0 + softened[$1] * element(values, $1, channel) }
        }
      }
      logits.append(rows)
      maps.append(probabilities)
    }
    self.logits = logits
    self.maps = maps
    self.context = context
  }

  static func softmax(_ row: [Double]) -> [Double] {
    let largest = row.max() ?? 0
    let weights = row.map { exp($0 - largest) }
    let total = weights.reduce(0, +)
    return weights.map { $0 / total }
  }

  /// Head mean of the sums over `queries` of each column.
  func received(_ maps: [[Double]], queries: Range<Int>) -> [Double] {
    (0..<tokens).map { key in
      maps.reduce(0.0) { sum, map in sum + queries.reduce(0.0) { $0 + map[$1 * tokens + key] } } / Double(heads)
    }
  }

  /// Head mean of the sums over patch keys of each patch's row.
  func given(_ maps: [[Double]]) -> [Double] {
    (prefix..<tokens).map { query in
      maps.reduce(0.0) { sum, map in sum + (prefix..<tokens).reduce(0.0) { $0 + map[query * tokens + $1] } }
        / Double(heads)
    }
  }

  var patches: Range<Int> { prefix..<tokens }
}
