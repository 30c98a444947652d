import Foundation
import Kernels
import Pruning

/// Evidence of a tower that merged or dropped rows: what each row of a block gave, for the tokens that left the tower.
///
/// Attention adds up over the rows in a token, as softmax would have it of equal keys; logits add up inside the
/// exponential, so that they hold log size. Keys and rows combine as the tower combined rows.
struct ReducedEvidence {
  let trace: TokenTrace
  /// The final row of each sent token, without the prefix.
  let order: [Int]
  let prefix: Int

  /// Rows of a sequence, prefix included, brought to the tokens as they are sent: [tokens, width].
  /// - Parameter block: the first whose reduction they have not seen.
  func tokens(of rows: Matrix, fromBlock block: Int) -> Matrix {
    let final = trace.brought(rows, fromBlock: block)
    return Matrix(
      rows: order.count, columns: final.columns, values: order.flatMap { final.row($0 + prefix) })
  }

  /// What a tap of `block` took, for each token.
  func value(of tap: AttentionTap, _ value: EvidenceValue, block: Int) -> EvidenceValue {
    let members = trace.members(enteringBlock: block)
    let groups = order.map { members[$0] }
    func sums(_ values: [Double]) -> [Double] { groups.map { $0.reduce(0.0) { $0 + values[$1] } } }
    func means(_ values: [Double]) -> [Double] {
      groups.map { group in group.reduce(0.0) { $0 + values[$1] } / Double(max(group.count, 1)) }
    }
    switch value {
    case .vector(let values): return .vector(sums(values))
    case .means(let found):
      return .means(
        PatchMeans(
          received: tap.scale == .softmax ? sums(found.received) : means(found.received), given: means(found.given)))
    case .matrix(let rows):
      let values = (0..<rows.rows).flatMap { row -> [Float] in
        let values = rows.row(row).map { Double($0) }
        return (tap.scale == .softmax ? sums(values) : groups.map { Self.joined($0.map { values[$0] }) }).map {
          Float($0)
        }
      }
      return .matrix(Matrix(rows: rows.rows, columns: groups.count, values: values))
    }
  }

  /// log Σ exp, exact for a single logit.
  private static func joined(_ logits: [Double]) -> Double {
    guard logits.count > 1, let largest = logits.max() else { return logits.first ?? -.infinity }
    return largest + log(logits.reduce(0.0) { $0 + exp($1 - largest) })
  }
}
