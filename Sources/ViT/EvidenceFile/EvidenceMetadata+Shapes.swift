import Pruning

extension EvidenceMetadata {
  /// What is wrong with the shape of `tensor`: the shape that these metadata allow; nil if nothing is.
  func expectedShape(of tensor: EvidenceTensor, insteadOf shape: [Int]) -> String? {
    let picture = picture
    let views = layout.views
    let (patches, tokens) = (patchGrid.count, picture.tokens[0])
    let side = patches + prefix
    let isPositive = shape.allSatisfy { $0 > 0 }
    let fits: Bool
    let expected: String
    switch tensor {
    case .attention, .logits:
      fits = shape.count == 4 && shape[0] == views && isPositive && shape[2] == side && shape[3] == side
      expected = "[\(views), heads, \(side), \(side)]"
    case .keys:
      fits = shape.count == 4 && shape[0] == views && isPositive && shape[2] == side
      expected = "[\(views), heads, \(side), headWidth]"
    case .features, .projected, .textSpace:
      fits = shape.count == 3 && shape[0] == views && [patches, tokens].contains(shape[1]) && isPositive
      expected = "[\(views), \(tokens), width]"
    case .text:
      fits = shape.count == 2 && isPositive
      expected = "[texts, width]"
    case .newline, .projector(.firstBias), .projector(.secondBias):
      fits = shape.count == 1 && isPositive
      expected = "[width]"
    case .textEmbeddings, .noise, .projector(.firstWeight), .projector(.secondWeight), .decoderStates:
      fits = shape.count == 2 && isPositive
      expected = tensor.shape
    case .decoderKeys:
      fits = shape.count == 3 && isPositive
      expected = tensor.shape
    }
    return fits ? nil : expected
  }
}
