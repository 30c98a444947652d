import Basics
import Checkpoint
import TestSupport
import Testing
import ViT

@Suite struct `The configuration of a Qwen tower` {
  typealias Read = @Sendable (ConfigurationReader) throws(CheckpointError) -> QwenVisionConfiguration

  private func read(_ text: String, _ read: Read) throws -> QwenVisionConfiguration {
    try read(try ConfigurationReader(JSONValue(parsing: Array(text.utf8)), file: "config.json"))
  }

  private func error(_ text: String, _ body: Read) -> String? {
    do throws(any Error) {
      _ = try read(text, body)
      return nil
    } catch {
      return (error as? CheckpointError)?.message
    }
  }

  @Test func `takes the class defaults of transformers`() throws {
    let second = try read("{}", QwenVisionConfiguration.init(qwen2:))
    #expect(second.width == 1280 && second.feedForwardWidth == 5120 && second.depth == 32 && second.heads == 16)
    #expect(second.activation == .quickGelu && second.norm == .layer && !second.isGated)
    #expect(second.outputWidth == 3584 && second.windowCells == nil && second.levels == 1)
    let fifth = try read("{}", QwenVisionConfiguration.init(qwen25:))
    #expect(fifth.width == 3584 && fifth.feedForwardWidth == 3420 && fifth.windowCells == 4)
    #expect(fifth.fullAttentionBlocks == [7, 15, 23, 31] && fifth.norm == .rms && fifth.isGated)
    #expect(fifth.activation == .silu && fifth.patchSize == 14 && !fifth.patchBias)
    let third = try read("{}", QwenVisionConfiguration.init(qwen3:))
    #expect(third.width == 1152 && third.feedForwardWidth == 4304 && third.depth == 27 && third.patchSize == 16)
    #expect(third.positionTableSide == 48 && third.deepStackBlocks == [8, 16, 24] && third.levels == 4)
    #expect(third.activation == .geluTanh && third.patchBias && third.windowCells == nil)
  }

  /// The default names the full blocks of 32; a shallower tower has those that it has, as in transformers.
  @Test func `lists full blocks that exist, or none`() throws {
    let shallow = try read(#"{"depth": 9}"#, QwenVisionConfiguration.init(qwen25:))
    #expect(shallow.fullAttentionBlocks == [7])
    let none = try read(#"{"fullatt_block_indexes": []}"#, QwenVisionConfiguration.init(qwen25:))
    #expect(none.fullAttentionBlocks.isEmpty)
    let flat = try read(#"{"deepstack_visual_indexes": []}"#, QwenVisionConfiguration.init(qwen3:))
    #expect(flat.levels == 1)
  }

  @Test func `tells strategies which blocks see the whole view`() throws {
    let windowed = try QwenModel.qwen25.load().tower.description
    #expect(windowed.fullAttentionLayers == [1, 3] && windowed.merge == Grid(rows: 2, columns: 2))
    #expect(windowed.depth == 4 && windowed.featureLayer == 3 && !windowed.hasClassToken)
    for model in [QwenModel.qwen2, .qwen3] {
      #expect(try model.load().tower.description.fullAttentionLayers == nil)
    }
  }

  @Test func `refuses by name what it does not honour`() {
    let cases: [(String, Read, String)] = [
      (#"{"model_type": "clip"}"#, QwenVisionConfiguration.init(qwen2:), "model_type"),
      (#"{"num_heads": 7}"#, QwenVisionConfiguration.init(qwen2:), "num_heads"),
      (#"{"embed_dim": 20, "num_heads": 2}"#, QwenVisionConfiguration.init(qwen2:), "num_heads"),
      (#"{"in_channels": 1}"#, QwenVisionConfiguration.init(qwen25:), "in_channels"),
      (#"{"in_chans": 4}"#, QwenVisionConfiguration.init(qwen25:), "in_chans"),
      (#"{"temporal_patch_size": 1}"#, QwenVisionConfiguration.init(qwen25:), "temporal_patch_size"),
      (#"{"window_size": 27}"#, QwenVisionConfiguration.init(qwen25:), "window_size"),
      (#"{"hidden_act": "swish"}"#, QwenVisionConfiguration.init(qwen25:), "hidden_act"),
      (#"{"rope_parameters": {"rope_type": "linear"}}"#, QwenVisionConfiguration.init(qwen25:), "rope_type"),
      (#"{"num_position_embeddings": 2300}"#, QwenVisionConfiguration.init(qwen3:), "num_position_embeddings"),
      (#"{"deepstack_visual_indexes": [8, 27]}"#, QwenVisionConfiguration.init(qwen3:), "deepstack_visual_indexes"),
      (#"{"deepstack_visual_indexes": [8, 4]}"#, QwenVisionConfiguration.init(qwen3:), "deepstack_visual_indexes"),
    ]
    for (text, body, key) in cases {
      #expect(error(text, body)?.contains("\(key)\"") == true, "\(text)")
    }
  }

  @Test(arguments: ["axial", "default"])
  func `takes both names of its rotary positions`(_ name: String) throws {
    let text = #"{"rope_parameters": {"rope_type": "\#(name)", "rope_theta": 500}}"#
    let section = try ConfigurationReader(JSONValue(parsing: Array(text.utf8)), file: "config.json")
    #expect(try QwenVisionConfiguration(qwen25: section).rotaryTheta == 500)
  }

  @Test(
    .enabled(if: Fixtures.sharedData != nil, "../shared/data is absent"),
    arguments: [
      "Qwen--Qwen2-VL-2B-Instruct", "Qwen--Qwen2.5-VL-3B-Instruct", "Qwen--Qwen2.5-VL-7B-Instruct",
      "Qwen--Qwen3-VL-4B-Instruct",
    ])
  func `is read from published files`(_ name: String) throws {
    let data = try #require(Fixtures.sharedData)
    let path = data.appending(path: "published/\(name)/config.json").path
    let whole = try ConfigurationReader(JSONValue(parsing: try readFile(path)), file: path)
    let section = try whole.section("vision_config")
    if name.contains("Qwen2-VL") {
      let shape = try QwenVisionConfiguration(qwen2: section)
      #expect(shape.width == 1280 && shape.outputWidth == 1536)
    } else if name.contains("Qwen2.5") {
      let shape = try QwenVisionConfiguration(qwen25: section)
      #expect(shape.width == 1280 && shape.headWidth == 80 && shape.windowCells == 4 && shape.depth == 32)
    } else {
      let shape = try QwenVisionConfiguration(qwen3: section)
      #expect(shape.width == 1024 && shape.deepStackBlocks == [5, 11, 17] && shape.outputWidth == 2560)
    }
  }
}

@Suite struct `The cost of a Qwen tower` {
  /// By hand: 4 blocks of width 24 with gated layers of 29; two see 60 patches, two see windows of 4, 2 and 1 cells.
  @Test func `counts windows as what they are`() throws {
    let cost = try QwenModel.qwen25.load().tower.cost(of: Grid(rows: 6, columns: 10))
    #expect(cost.rows == 60)
    #expect(cost.linear == Double(2 * 60 * (4 * (4 * 24 * 24 + 3 * 24 * 29) + 54 * 24)))
    // Cells 3×5: windows of 4, 4, 2 and below 2, 2, 1 cells, of four patches each.
    let pairs = 2 * 16 * (16 + 16 + 4 + 4 + 4 + 1) + 2 * 60 * 60
    #expect(cost.attention == Double(4 * pairs * 24))
    #expect(cost.products.map(\.count) == [16, 8, 4])
  }

  @Test func `counts only the cells that enter it`() throws {
    let tower = try QwenModel.qwen25.load().tower
    let grid = Grid(rows: 6, columns: 10)
    // Of the windows, three cells of the first, one of the third and the last one.
    let cost = tower.cost(of: grid, kept: [0, 1, 4, 5, 14])
    #expect(cost.rows == 20)
    #expect(cost.linear == Double(2 * 20 * (4 * (4 * 24 * 24 + 3 * 24 * 29) + 54 * 24)))
    #expect(cost.attention == Double(4 * 24 * (2 * 16 * (9 + 1 + 1) + 2 * 20 * 20)))
    #expect(tower.cost(of: grid, kept: Array(0..<15)).attention == tower.cost(of: grid).attention)
  }
}
