import Kernels
import ViT

/// Floating-point operations (a multiplication and an addition count two) of the products of a model, from its shape alone.
public struct CostModel: Sendable {
  let tower: VisionConfiguration
  /// Blocks that run: up to the last one whose output is projected.
  let towerDepth: Int
  let decoder: DecoderConfiguration

  public init(_ model: VisionLanguageModel) {
    tower = model.tower.configuration
    towerDepth = (model.features.layers.max() ?? -1) + 1
    decoder = model.decoder.configuration
  }

  /// Linear layers and patch embedding of one view.
  public var encodeLinear: Double {
    let tokens = Double(tower.tokens)
    let width = Double(tower.width)
    let patch = Double(3 * tower.patchSize * tower.patchSize)
    let block = 2 * tokens * (4 * width * width + 2 * width * Double(tower.feedForwardWidth))
    return Double(towerDepth) * block + 2 * Double(tower.grid.count) * patch * width
  }

  /// Attention's two products of one view.
  public var encodeAttention: Double {
    let tokens = Double(tower.tokens)
    return Double(towerDepth) * 4 * tokens * tokens * Double(tower.width)
  }

  /// Linear layers of a prompt of `rows` positions. Of the last block, and of the head, only the last position is computed, but for
  /// the block's keys and values.
  public func prefillLinear(rows: Int) -> Double {
    let width = Double(decoder.width)
    let query = Double(decoder.heads * decoder.headWidth)
    let shared = 2 * width * Double(decoder.keyValueHeads * decoder.headWidth)
    let own = 2 * width * query + 3 * width * Double(decoder.feedForwardWidth)
    let (rows, depth) = (Double(rows), Double(decoder.depth))
    return 2 * (rows * (depth * shared + (depth - 1) * own) + own + width * Double(decoder.vocabulary))
  }

  /// Attention's two products of such a prompt; what lies right of the diagonal is not counted.
  public func prefillAttention(rows: Int) -> Double {
    let pairs = Double(rows) * Double(rows + 1) / 2
    let counted = Double(decoder.depth - 1) * pairs + Double(rows)
    return 4 * counted * Double(decoder.heads * decoder.headWidth)
  }

  /// Shapes [rows, inputs, outputs] of a block's products, with how often they run in a pass.
  var towerProducts: [(inputs: Int, outputs: Int, count: Int)] {
    [
      (tower.width, tower.width, 4 * towerDepth), (tower.width, tower.feedForwardWidth, towerDepth),
      (tower.feedForwardWidth, tower.width, towerDepth),
    ]
  }

  /// Without the single row of the last block, which costs what reading its weights costs.
  var decoderProducts: [(inputs: Int, outputs: Int, count: Int)] {
    let query = decoder.heads * decoder.headWidth
    let key = decoder.keyValueHeads * decoder.headWidth
    let whole = decoder.depth - 1
    return [
      (decoder.width, query, whole), (decoder.width, key, 2 * decoder.depth), (query, decoder.width, whole),
      (decoder.width, decoder.feedForwardWidth, 2 * whole), (decoder.feedForwardWidth, decoder.width, whole),
    ]
  }
}
