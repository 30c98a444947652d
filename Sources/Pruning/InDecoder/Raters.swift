import Foundation
import Kernels

/// The words that judge a picture's rows: those that the picture's embeddings are closest to.
enum Raters {
  /// - Parameters:
  ///   - visual: the picture's rows as they enter the decoder, [rows, width].
  ///   - text: the text rows after it, likewise.
  /// - Returns: the raters' numbers among the text rows, ascending; all of them if none stands out.
  static func choose(visual: Matrix, text: Matrix, workers: Workers) -> [Int] {
    let means = means(visual: visual, text: text, workers: workers)
    let average = means.reduce(0, +) / Double(max(means.count, 1))
    let chosen = means.indices.filter { means[$0] > average }
    return chosen.isEmpty ? Array(means.indices) : chosen
  }

  /// The mean over visual rows of the softmax over text rows of inner products.
  static func means(visual: Matrix, text: Matrix, workers: Workers) -> [Double] {
    let products = Similarity.products(of: visual, and: text, workers: workers)
    var means = [Double](repeating: 0, count: text.rows)
    for row in 0..<visual.rows {
      let logits = products.row(row).map(Double.init)
      let largest = logits.max() ?? 0
      let powers = logits.map { exp($0 - largest) }
      let sum = powers.reduce(0, +)
      for index in means.indices { means[index] += powers[index] / sum / Double(visual.rows) }
    }
    return means
  }
}
