import Foundation
import Kernels
import Pruning
import TestSupport
import Testing

@testable import VLM

/// One file of the ladder: what transformers computes for a checkpoint, a picture, a question and a strategy.
struct LadderFile: CustomTestStringConvertible {
  /// A folder of `fixtures/golden`.
  let folder: String
  let name: String
  var testDescription: String { name }

  static let all = files(in: "ladder")

  static func files(in folder: String) -> [LadderFile] {
    let path = Fixtures.url("golden/\(folder)").path
    let files = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return files.filter { $0.hasSuffix(".safetensors") }.sorted().map {
      LadderFile(folder: folder, name: String($0.dropLast(".safetensors".count)))
    }
  }

  /// The goldens, rung by rung. A pruned file holds what pruning changes; the tower's rungs are its dense file's.
  struct Rungs {
    let own: Golden
    let dense: Golden?

    init(_ file: LadderFile) throws {
      own = try Golden(Fixtures.url("golden/\(file.folder)/\(file.name).safetensors").path)
      dense = try own.metadata["dense"].map { try Golden(Fixtures.url("golden/\(file.folder)/\($0)").path) }
    }

    /// The file that holds `rung`; nil when none does.
    func holder(of rung: String) -> Golden? {
      if own.contains(rung) { return own }
      return dense.flatMap { $0.contains(rung) ? $0 : nil }
    }

    /// Every rung's name, in the order of the computation.
    var names: [String] {
      let names = Set(own.file.entries.keys).union(dense?.file.entries.keys ?? [:].keys)
      return names.sorted { (Self.stage(of: $0), $0) < (Self.stage(of: $1), $1) }
    }

    /// A block's attention comes before its output: within the tower, numbers decide before names.
    private static func stage(of name: String) -> Int {
      func number(_ prefix: String) -> Int { Int(name.dropFirst(prefix.count)) ?? 0 }
      if name.hasPrefix("vision.attention.") { return 100 + 2 * number("vision.attention.") }
      if name.hasPrefix("vision.block.") { return 101 + 2 * number("vision.block.") }
      if name.hasPrefix("received.") { return 800 + number("received.") }
      if name.hasPrefix("projected.deepstack.") { return 902 }
      if name.hasPrefix("decoder.block.") { return 1000 + number("decoder.block.") }
      let stages = [
        "pixel_values": 0, "vision.embeddings": 1, "vision.features": 900, "plan.kept": 901, "projected": 902,
        "prompt.input_ids": 903, "prompt.position_ids": 903, "decoder.embeddings": 904, "logits": 2000,
        "generated_ids": 2001,
      ]
      return stages[name] ?? 3000
    }
  }
}

@Suite struct `The parity ladder against transformers` {
  @Test func `has a dense file for every tiny checkpoint, and pruned ones`() {
    let names = LadderFile.all.map(\.name)
    for model in TestModel.names { #expect(names.contains { $0.hasPrefix("\(model).") }, "\(model)") }
    #expect(names.count { $0.contains("hiprune") } >= 3 && names.count { $0.contains("fastervlm") } >= 3)
  }

  @Test(arguments: LadderFile.all, BackEnd.allCases)
  func `holds in every rung, from pixels to 32 greedy tokens`(_ file: LadderFile, backEnd: BackEnd) throws {
    let rungs = try LadderFile.Rungs(file)
    let facts = rungs.own.metadata
    let model = try TestModel.load(try #require(facts["model"]), compute: ComputeOptions(backEnd: backEnd))
    let inspection = Inspection(.init(attention: Set(0..<model.towerDescription.depth)))
    let setting = try TestModel.setting(
      try #require(facts["strategy"]), keep: try #require(facts["keep"]),
      positions: facts["positions"] == "original" ? .original : .renumbered)
    let picture = try #require(facts["picture"]?.split(separator: "/").last).description
    let answer = try model.answer(
      try #require(facts["question"]), about: [picture], setting: setting, newTokens: 32, inspection: inspection)

    let found = Dictionary(uniqueKeysWithValues: inspection.tensors.map { ($0.name, $0) })
    guard try rungs.expect(found, in: file.name) else { return }
    let text = try #require(facts["answer"]).trimmingCharacters(in: .whitespacesAndNewlines)
    // The golden spells out an end token that is an ordinary one; an answer does not.
    #expect(answer.finishReason == .stop ? text.hasPrefix(answer.text) : answer.text == text)
    let classToken = model.sendsClassToken ? 1 : 0
    #expect(found["projected"]?.shape[0] == answer.keptTokens + classToken)
    if rungs.dense == nil {
      #expect(found["plan.kept"]?.integers == Array(0..<model.grid.count))
    }
  }

}

extension LadderFile.Rungs {
  /// Expects every rung in the order of the computation. The first bad one is the place of the error: what comes after
  /// it follows from it.
  /// - Parameter towerBlocks: how far the tower's hidden states may be off.
  /// - Returns: whether all agree.
  func expect(
    _ found: [String: Inspection.Tensor], in file: String, towerBlocks: Float = Tolerances.blocks
  ) throws -> Bool {
    for name in names {
      let golden = try #require(holder(of: name))
      let tensor = try #require(found[name], "\(name) is not recorded")
      guard try expect(tensor, equals: golden, in: file, towerBlocks: towerBlocks) else { return false }
    }
    return true
  }

  private func expect(
    _ tensor: Inspection.Tensor, equals golden: Golden, in file: String, towerBlocks: Float
  ) throws -> Bool {
    if let integers = tensor.integers {
      let expected = try golden.integers(tensor.name)
      #expect(integers == expected, "\(file), \(tensor.name)")
      return integers == expected
    }
    let shape = try golden.shape(tensor.name)
    #expect(tensor.shape == shape, "\(file), \(tensor.name)")
    return expectClose(
      actual: tensor.floats, expected: try golden.floats(tensor.name),
      tolerance: tolerance(of: tensor.name, towerBlocks: towerBlocks),
      label: "\(file), \(tensor.name)", shape: shape)
  }

  private func tolerance(of name: String, towerBlocks: Float) -> Float {
    switch name {
    case "pixel_values": Tolerances.pixels
    case "logits": Tolerances.logits
    case _ where name.hasPrefix("received."): Tolerances.attentionSums
    case _ where name.hasPrefix("vision.attention."): Tolerances.attention
    case _ where name.hasPrefix("vision.block."): towerBlocks
    default: Tolerances.blocks
    }
  }
}
