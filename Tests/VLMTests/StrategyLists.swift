import Pruning
import Testing

@testable import VLM

/// Which strategies a law of the engine holds for. A new one is in every list unless its definition says otherwise.
enum StrategyLists {
  /// Methods that need what the tiny models lack: CLIP's text tower, keys inside the decoder.
  static let unavailable = ["cdpruner", "trim", "dart"]
  /// Methods that need a tower which encodes some cells alone.
  static let beforeEncoder = ["pixelprune"]
  /// Methods that merge or drop rows inside the tower: a token may stand for many patches, or for no place.
  static let insideTower = ["tome", "evit"]
  /// Methods that also send class tokens, merged tokens or zero vectors, by their definitions.
  static let mixed = ["visionzip", "prumerge", "prumerge+", "prunesid", "holov"]
  /// Methods that share a budget unequally among views, or as a number for all of them.
  private static let unequal = ["divprune", "zoo-prune", "cen-prune", "textmonkey"]

  /// Methods that send rows of the picture alone.
  static let plain = StrategyCatalogue.standard.names.filter {
    !(["none"] + unavailable + beforeEncoder + insideTower + mixed).contains($0)
  }
  /// Those of them that keep as many tokens of each view.
  static let equal = plain.filter { !unequal.contains($0) }
}

@Suite struct `Methods that send more than patches` {
  /// Eight tokens of 25: VisionZip's, HoloV's and PruneSID's extra tokens are among the eight; PruMerge's sum is not.
  @Test(arguments: [("visionzip", 8), ("holov", 8), ("prunesid", 8), ("prumerge", 9)])
  func `send as many rows as their definitions say`(_ strategy: String, rows: Int) throws {
    let model = try TestModel.load("tiny-classic")
    let dense = try model.answer(setting: try TestModel.setting())
    let answer = try model.answer(setting: try TestModel.setting(strategy, keep: "8"), newTokens: 1)
    #expect(answer.visual[0].rows.rows == rows)
    #expect(answer.firstLogits != dense.firstLogits)
  }

  @Test(arguments: StrategyLists.unavailable)
  func `are refused by name where the model lacks what they read`(_ strategy: String) throws {
    let model = try TestModel.load("tiny-classic")
    let setting = try TestModel.setting(strategy, keep: "8")
    guard case .pruning(let error)? = vlmError({ _ = try model.answer(setting: setting) }),
      case .modelLacks(_, let named, _, _) = error
    else {
      Issue.record("\(strategy) was accepted")
      return
    }
    #expect(named == strategy)
  }
}
