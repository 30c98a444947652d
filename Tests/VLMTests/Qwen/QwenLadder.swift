import Foundation
import Pruning
import TestSupport
import Testing

@testable import VLM

/// The goldens of the Qwen families, and what is needed to repeat them.
enum QwenLadder {
  static let files = QwenModel.names.flatMap { LadderFile.files(in: "qwen/\($0)") }
    .filter { !$0.name.contains("pixelprune") }

  /// What a golden calls a picture: a file of `fixtures/images`, or "frames5" for five frames of `videos/tiny`.
  /// - Parameter seconds: between two grids of frames, which are two frames each.
  static func picture(_ name: String, for model: VisionLanguageModel, seconds: Double) throws -> Picture {
    guard name.hasPrefix("frames"), let count = Int(name.dropFirst("frames".count)) else {
      return try model.picture(name)
    }
    return try QwenModel.video(count, for: model, rate: 2 / seconds)
  }

  /// The rungs under the goldens' names and in their shapes: patches of all views in a row, evidence among them.
  static func rungs(of inspection: Inspection) -> [String: Inspection.Tensor] {
    var found: [String: Inspection.Tensor] = [:]
    for tensor in inspection.tensors {
      let isStacked = tensor.name.hasPrefix("vision.") && tensor.shape.count == 3
      let shape = isStacked ? [tensor.shape[0] * tensor.shape[1], tensor.shape[2]] : tensor.shape
      found[tensor.name] = Inspection.Tensor(
        name: tensor.name, shape: shape, floats: tensor.floats, integers: tensor.integers)
    }
    for kind in inspection.wishes.evidence.kinds {
      guard let layer = kind.layer else { continue }
      let name = "received." + (layer < 10 ? "0" : "") + "\(layer)"
      let values = inspection.encoded.flatMap { picture in picture.evidence.flatMap { $0[kind]?.vector ?? [] } }
      found[name] = Inspection.Tensor(name: name, shape: [values.count], floats: values.map(Float.init), integers: nil)
    }
    return found
  }
}

/// Keeps the tokens that a golden kept, whatever the picture shows.
struct GivenTokens: ViewStrategy {
  static let name = "given"
  static let summary = "the tokens that a golden kept"

  /// By the picture's digest: tokens counted over all views.
  private let kept: [UInt64: [Int]]

  /// - Parameters:
  ///   - codes: `plan.kept`, picture after picture, each counted from 0 and ascending.
  ///   - pictures: in the same order.
  init(_ codes: [Int], of pictures: [Picture]) {
    var parts: [[Int]] = []
    for (index, code) in codes.enumerated() {
      if index == 0 || code <= codes[index - 1] { parts.append([]) }
      parts[parts.count - 1].append(code)
    }
    kept = Dictionary(uniqueKeysWithValues: zip(pictures.map(\.digest), parts))
  }

  init(options: inout StrategyOptions) throws(PruningError) { kept = [:] }

  func evidence(on tower: TowerDescription) -> Evidence { .none }

  func resolved(on tower: TowerDescription) -> StrategySpec { StrategySpec(name: Self.name, options: [:]) }

  func shares(of budget: Budget, in picture: PictureDescription) -> [Int] {
    tokens(of: picture).map(\.count)
  }

  func decide(_ view: ViewInput, keeping share: Int, in context: inout PlanContext) -> ViewDecision {
    ViewDecision(keeping: tokens(of: view.image.picture)[view.index])
  }

  /// Kept tokens of each view, counted in the view.
  private func tokens(of picture: PictureDescription) -> [[Int]] {
    var start = 0
    return picture.grids.map { grid in
      defer { start += grid.count }
      return (kept[picture.digest] ?? []).map { $0 - start }.filter { (0..<grid.count).contains($0) }
    }
  }
}
