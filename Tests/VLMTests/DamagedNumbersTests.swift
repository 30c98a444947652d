import Basics
import Foundation
import Kernels
import Language
import Pruning
import TestSupport
import Testing
import ViT

@testable import VLM

/// Weights that are damaged after a header that is not: numbers that are not finite end in an error, not in an answer
/// or a trap.
@Suite struct `Numbers that are not finite` {
  private func error(temperature: Double, damage: ([Float], Int) -> [Float]) throws -> VLMError? {
    try withTemporaryFolder { parent in
      let checkpoint = BrokenCheckpoint(folder: "\(parent)/checkpoint")
      try FileManager.default.copyItem(atPath: Fixtures.model("tiny-classic").path, toPath: checkpoint.folder)
      // The first answer's token, whose embedding is read only once it has been chosen.
      let setting = try TestModel.setting()
      let sound = try TestModel.load("tiny-classic")
      let first = try sound.answer(setting: setting).generated[0]
      try checkpoint.editWeights { tensors in
        let name = try #require(tensors.keys.first { $0.hasSuffix("embed_tokens.weight") })
        let tensor = try #require(tensors[name])
        tensors[name]?.values = damage(tensor.values, first * tensor.shape[1])
      }
      let model = try checkpoint.load()
      return vlmError {
        var conversation = Conversation(model: model, setting: setting)
        _ = try conversation.show(
          "What colour is the ring?", newPictures: [try model.picture("tiny-wide.png")],
          options: GenerationOptions(
            maxNewTokens: 4, sampling: try SamplingOptions(temperature: temperature, topP: temperature == 0 ? 1 : 1e-6))
        )
      }
    }
  }

  @Test(arguments: [0.0, 1.0])
  func `after the first token are an error`(temperature: Double) throws {
    let error = try error(temperature: temperature) { values, start in
      var values = values
      values[start] = .nan
      return values
    }
    guard case .notFinite? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }
}

/// Scores that decide between tokens are summed in one order, in the encoder's taps and from a file's whole maps.
@Suite struct `Evidence from taps and from maps` {
  @Test(arguments: ["tiny-classic", "tiny-grouped", "tiny-sparse"])
  func `has the same bits`(name: String) throws {
    let model = try TestModel.load(name)
    let layers = Array(0..<model.towerDescription.depth)
    let evidence = Evidence(
      layers.flatMap { layer in
        [
          EvidenceKind.classAttention(layer: layer), .attentionReceived(layer: layer, queries: .all),
          .attentionReceived(layer: layer, queries: .patches), .patchMeans(layer: layer, scale: .softmax),
          .patchMeans(layer: layer, scale: .logits),
        ]
      })
    let inspection = Inspection(.init(attention: Set(layers), logits: Set(layers)))
    let picture = try model.picture("tiny-wide.png")
    let tapped = try model.encode(picture, evidence: evidence, inspection: inspection.ofTower).evidence[0]
    let stored = try withTemporaryFolder { folder in
      var writer = EvidenceFileWriter(model.family.describe(picture, packing: .spatial))
      for layer in layers {
        let maps = try #require(inspection["vision.attention.\(layer < 10 ? "0" : "")\(layer)"])
        let logits = try #require(inspection["vision.logits.\(layer < 10 ? "0" : "")\(layer)"])
        writer.add(.attention(layer), shape: maps.shape, maps.floats)
        writer.add(.logits(layer), shape: logits.shape, logits.floats)
      }
      try writer.write(to: "\(folder)/evidence.safetensors")
      return try EvidenceFile(path: "\(folder)/evidence.safetensors").image(providing: evidence).views[0]
    }
    #expect(Set(tapped.keys) == evidence.kinds && tapped == stored)
  }
}
