import Kernels
import Language
import VLM
import ViT

/// Floating-point operations (a multiplication and an addition count as two) of the products of a model, from its shape
/// alone.
public struct CostModel: Sendable {
  /// One per view of the picture.
  let views: [TowerCost]
  let decoder: DecoderConfiguration

  /// - Parameters:
  ///   - tokens: of each view, those that enter the tower; nil: all.
  ///   - reduction: what becomes of the picture inside the tower; nil: every row stays.
  public init(
    _ model: VisionLanguageModel, picture: Picture, tokens: [[Int]]? = nil, reduction: PictureReduction? = nil
  ) {
    let tower = model.family.tower(for: picture.kind)
    views = picture.patchGrids.enumerated().map {
      tower.cost(of: $0.element, kept: tokens?[$0.offset], schedule: reduction?.schedules[$0.offset])
    }
    decoder = model.decoder.configuration
  }

  /// Linear layers and patch embedding of all views.
  public var encodeLinear: Double { views.reduce(0) { $0 + $1.linear } }

  /// Attention's two products of all views.
  public var encodeAttention: Double { views.reduce(0) { $0 + $1.attention } }

  /// Linear layers of a prompt of `rows` positions. The last block and the head compute only the last position, except
  /// for the block's keys and values.
  public func prefillLinear(rows: Int) -> Double { prefillLinear(rowsPerBlock: everywhere(rows)) }

  /// The same where the blocks run on different numbers of positions.
  public func prefillLinear(rowsPerBlock: [Int]) -> Double {
    let width = Double(decoder.width)
    let query = Double(decoder.heads * decoder.headWidth)
    let shared = 2 * width * Double(decoder.keyValueHeads * decoder.headWidth)
    let own = 2 * width * query + 3 * width * Double(decoder.feedForwardWidth)
    let all = Double(rowsPerBlock.reduce(0, +))
    let whole = Double(rowsPerBlock.dropLast().reduce(0, +))
    return 2 * (all * shared + whole * own + own + width * Double(decoder.vocabulary))
  }

  /// Attention's two products of such a prompt; scores right of the diagonal are not counted.
  public func prefillAttention(rows: Int) -> Double { prefillAttention(rowsPerBlock: everywhere(rows)) }

  /// The same where the blocks run on different numbers of positions.
  public func prefillAttention(rowsPerBlock: [Int]) -> Double {
    let pairs = rowsPerBlock.dropLast().reduce(0.0) { $0 + Double($1) * Double($1 + 1) / 2 }
    return 4 * (pairs + Double(rowsPerBlock.last ?? 0)) * Double(decoder.heads * decoder.headWidth)
  }

  /// Bytes of the keys and values of such a prompt.
  func cacheBytes(rowsPerBlock: [Int]) -> Int {
    rowsPerBlock.reduce(0, +) * 2 * decoder.keyValueHeads * decoder.headWidth * MemoryLayout<Float>.size
  }

  /// Linear layers and attention.
  func prefill(rowsPerBlock: [Int]) -> Double {
    prefillLinear(rowsPerBlock: rowsPerBlock) + prefillAttention(rowsPerBlock: rowsPerBlock)
  }

  func prefill(rows: Int) -> Double { prefill(rowsPerBlock: everywhere(rows)) }

  private func everywhere(_ rows: Int) -> [Int] { [Int](repeating: rows, count: decoder.depth) }

  /// Without the single row of the last block, whose cost is that of reading its weights.
  var decoderProducts: [TowerCost.Product] {
    let query = decoder.heads * decoder.headWidth
    let key = decoder.keyValueHeads * decoder.headWidth
    let whole = decoder.depth - 1
    return [
      .init(inputs: decoder.width, outputs: query, count: whole),
      .init(inputs: decoder.width, outputs: key, count: 2 * decoder.depth),
      .init(inputs: query, outputs: decoder.width, count: whole),
      .init(inputs: decoder.width, outputs: decoder.feedForwardWidth, count: 2 * whole),
      .init(inputs: decoder.feedForwardWidth, outputs: decoder.width, count: whole),
    ]
  }
}
