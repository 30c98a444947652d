import Kernels

/// A standalone encoder that names what it sees: a tower, the norm after its last block, and a linear head that reads
/// the class token. ViT and DeiT as Hugging Face folders or as files with timm's names; `init(path:)` in the next file
/// loads them.
public struct ImageClassifier: Sendable {
  public let tower: VisionTransformer
  /// The classes' names, in order; empty where the checkpoint has none.
  public let labels: [String]
  let outputNorm: LayerNorm
  /// Absent in a checkpoint that holds the encoder only.
  let head: Linear?

  /// One of the best classes of a picture.
  public struct Guess: Sendable, Hashable {
    public let index: Int
    public let logit: Float
    /// Nil where the checkpoint names no classes.
    public let label: String?
  }

  /// Number of classes; 0 without a head.
  public var classes: Int { head?.outputs ?? 0 }

  /// One logit per class; empty without a head.
  /// - Parameter pixels: [3, imageSize, imageSize], normalised.
  public func logits(_ pixels: [Float], workers: Workers) -> [Float] {
    let last = tower.configuration.depth - 1
    var request = EncodingRequest()
    request.hiddenLayers = [last]
    let encoding = tower.encode(pixels, request: request, workers: workers)
    guard let hidden = encoding.hidden[last] else { return [] }
    return logits(ofLastBlock: hidden, workers: workers)
  }

  /// One logit per class from the last block's output [tokens, width], of which the class token's row is read.
  public func logits(ofLastBlock hidden: Matrix, workers: Workers) -> [Float] {
    head.map { $0(output(hidden.rows(0..<1), workers: workers), workers: workers).values } ?? []
  }

  /// The norm after the last block: [rows, width] → [rows, width].
  public func output(_ hidden: Matrix, workers: Workers) -> Matrix { outputNorm(hidden, workers: workers) }

  /// The `count` best classes, best first; ties go to the lower index.
  public func best(_ count: Int, of logits: [Float]) -> [Guess] {
    let order = logits.indices.sorted { (logits[$1], $0) < (logits[$0], $1) }
    return order.prefix(max(count, 0)).map { index in
      Guess(index: index, logit: logits[index], label: index < labels.count ? labels[index] : nil)
    }
  }
}
