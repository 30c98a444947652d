import Kernels
import Pruning

/// How a file names the evidence that it holds: "classRow.softmax@22", "features".
enum EvidenceSpelling {
  private static let taps: [(name: String, tap: AttentionTap)] = [
    ("classRow.softmax", .classRow(.softmax)), ("classRow.logits", .classRow(.logits)),
    ("received.all", .received(.all)), ("received.patches", .received(.patches)),
    ("patchSums.softmax", .patchSums(.softmax)), ("patchSums.logits", .patchSums(.logits)),
    ("map.softmax", .map(.softmax)), ("map.logits", .map(.logits)),
  ]
  private static let plain: [(name: String, kind: EvidenceKind)] = [
    ("features", .features), ("projected", .projected), ("textSpace", .textSpace), ("clipSpace", .clipSpace),
  ]

  static func text(of kind: EvidenceKind) -> String {
    switch kind {
    case .attention(let tap, let layer): "\(taps.first { $0.tap == tap }?.name ?? "")@\(layer)"
    case .keys(let layer): "keys@\(layer)"
    case .classOwnLogits(let layer): "classOwnLogits@\(layer)"
    case .features, .projected, .textSpace, .clipSpace: plain.first { $0.kind == kind }?.name ?? ""
    }
  }

  /// Nil for what names nothing.
  static func kind(_ text: String) -> EvidenceKind? {
    if let plain = plain.first(where: { $0.name == text }) { return plain.kind }
    let parts = text.split(separator: "@")
    guard parts.count == 2, let layer = Int(parts[1]), layer >= 0 else { return nil }
    switch parts[0] {
    case "keys": return .keys(layer: layer)
    case "classOwnLogits": return .classOwnLogits(layer: layer)
    default: return taps.first { $0.name == parts[0] }.map { .attention($0.tap, layer: layer) }
    }
  }
}
