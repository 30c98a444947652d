import Checkpoint
import Foundation
import Kernels
import Language
import TestSupport
import Testing

@Suite struct `Configurations of Qwen decoders` {
  @Test func `absent keys are those of the class that the type names`() throws {
    let plain = try DecoderConfiguration(qwen2: configurationReader("{}"), tied: false)
    #expect((plain.vocabulary, plain.width, plain.feedForwardWidth, plain.depth) == (151_936, 4096, 22_016, 32))
    #expect((plain.heads, plain.keyValueHeads, plain.headWidth, plain.contextLength) == (32, 32, 128, 32_768))
    #expect(plain.rotaryTheta == 10_000 && plain.rotarySections == .none && plain.normEpsilon == 1e-6)
    #expect(plain.queryKeyValueBias && !plain.attentionOutputBias && !plain.normsQueriesAndKeys)
    for type in ["qwen2_vl_text", "qwen2_5_vl_text"] {
      let vision = try DecoderConfiguration(qwen2: configurationReader("{}"), tied: false, standardType: type)
      #expect((vision.vocabulary, vision.width, vision.feedForwardWidth, vision.depth) == (152_064, 8192, 29_568, 80))
      #expect((vision.heads, vision.keyValueHeads, vision.headWidth, vision.contextLength) == (64, 8, 128, 32_768))
      #expect(vision.rotaryTheta == 1_000_000 && vision.rotarySections == .blocks([16, 24, 24]))
      #expect(vision.normEpsilon == 1e-5)
    }
    let third = try DecoderConfiguration(qwen3: configurationReader(#"{"hidden_size": 64}"#), tied: false)
    #expect((third.headWidth, third.keyValueHeads, third.contextLength) == (128, 32, 32_768))
    #expect(third.rotaryTheta == 10_000 && third.rotarySections == .none && third.normsQueriesAndKeys)
    #expect(!third.queryKeyValueBias && !third.attentionOutputBias)
    let thirdVision = try DecoderConfiguration(
      qwen3: configurationReader(#"{"model_type": "qwen3_vl_text"}"#), tied: false)
    #expect(thirdVision.rotaryTheta == 500_000 && thirdVision.rotarySections == .interleaved([24, 20, 20]))
    #expect(thirdVision.contextLength == 128_000)
  }

  @Test func `null key-value heads are as many as there are heads`() throws {
    let text = #"{"hidden_size": 64, "num_attention_heads": 4, "num_key_value_heads": null}"#
    #expect(try DecoderConfiguration(qwen2: configurationReader(text), tied: false).keyValueHeads == 4)
    #expect(try DecoderConfiguration(qwen3: configurationReader(text), tied: false).keyValueHeads == 4)
  }

  @Test(arguments: [
    #""rope_scaling": {"type": "mrope", "mrope_section": [3, 3, 2]}, "rope_theta": 9"#,
    #""rope_scaling": {"rope_type": "mrope", "mrope_section": [3, 3, 2]}, "rope_theta": 9"#,
    #""rope_scaling": {"type": "default", "mrope_section": [3, 3, 2]}, "rope_theta": 9"#,
    #""rope_parameters": {"rope_type": "default", "mrope_section": [3, 3, 2], "rope_theta": 9}, "rope_theta": 5"#,
  ])
  func `every published spelling of rotary sections is read`(_ rope: String) throws {
    let text = #"{"model_type": "qwen2_5_vl", "hidden_size": 64, "num_attention_heads": 4, "num_key_value_heads": 2, "#
    let configuration = try DecoderConfiguration(qwen2: configurationReader(text + rope + "}"), tied: false)
    #expect(configuration.rotarySections == .blocks([3, 3, 2]))
    #expect(configuration.rotaryTheta == 9 && configuration.rotaryScaling == .none)
  }

  @Test func `Qwen2 is tied by either key, Qwen3 by the root's alone`() throws {
    let section = try configurationReader(#"{"tie_word_embeddings": true}"#)
    #expect(try DecoderConfiguration(qwen2: section, tied: false).tiesEmbeddings)
    #expect(try DecoderConfiguration(qwen2: configurationReader("{}"), tied: true).tiesEmbeddings)
    #expect(try !DecoderConfiguration(qwen3: section, tied: false).tiesEmbeddings)
    #expect(try DecoderConfiguration(qwen3: configurationReader("{}"), tied: true).tiesEmbeddings)
  }

  @Test(arguments: [
    (#""sliding_window": 100"#, 32_768),
    (#""use_sliding_window": true, "sliding_window": 100"#, 100),
    (#""use_sliding_window": true, "sliding_window": 100, "max_window_layers": 32"#, 32_768),
    (#""use_sliding_window": true"#, 4096),
    (#""use_sliding_window": true, "sliding_window": null"#, 32_768),
    (#""use_sliding_window": true, "sliding_window": 90000"#, 32_768),
    (
      #""use_sliding_window": true, "num_hidden_layers": 2, "layer_types": ["full_attention", "sliding_attention"]"#,
      4096
    ),
    (
      #""use_sliding_window": true, "num_hidden_layers": 2, "layer_types": ["full_attention", "full_attention"]"#,
      32_768
    ),
  ])
  func `a sliding window that a block uses limits the context`(_ keys: String, context: Int) throws {
    let reader = try configurationReader("{\(keys)}")
    #expect(try DecoderConfiguration(qwen2: reader, tied: false).contextLength == context)
  }

  @Test(arguments: [
    (#""rope_scaling": {"type": "yarn", "factor": 4}"#, "rope_scaling.rope_type"),
    (#""rope_scaling": {"type": "mrope", "mrope_section": [16, 24, 20]}"#, "rope_scaling.mrope_section"),
    (#""rope_scaling": {"type": "mrope", "mrope_section": [32, 32]}"#, "rope_scaling.mrope_section"),
    (#""rope_scaling": {"type": "mrope", "mrope_section": [72, -4, -4]}"#, "rope_scaling.mrope_section"),
    (#""rope_scaling": {"mrope_interleaved": true}"#, "rope_scaling.mrope_interleaved"),
    (#""rope_parameters": {"full_attention": {"rope_theta": 5}}"#, "rope_parameters.full_attention"),
    (#""partial_rotary_factor": 0.5"#, "partial_rotary_factor"),
    (#""head_dim": 64, "rope_scaling": {"mrope_section": [8, 12, 12]}"#, "head_dim"),
    (#""layer_types": ["full_attention"]"#, "layer_types"),
    (#""num_hidden_layers": 1, "layer_types": ["sliding_attention"]"#, "layer_types"),
    (#""num_hidden_layers": 1, "layer_types": ["linear_attention"]"#, "layer_types"),
    (#""num_key_value_heads": 7"#, "num_key_value_heads"),
    (#""hidden_act": "relu_squared""#, "hidden_act"),
  ])
  func `what is not computed is refused by name`(_ keys: String, key: String) throws {
    let reader = try configurationReader("{\(keys)}")
    let error = #expect(throws: CheckpointError.self) {
      try DecoderConfiguration(qwen2: reader, tied: false, standardType: "qwen2_5_vl_text")
    }
    guard case .configurationKey(key, _, _, _) = error else {
      Issue.record("the error names \(key): \(String(describing: error))")
      return
    }
  }

  @Test func `plain decoders have no positions of three numbers, and types are not mixed up`() throws {
    let sections = try configurationReader(#"{"rope_scaling": {"type": "mrope"}}"#)
    #expect(throws: CheckpointError.self) { try DecoderConfiguration(qwen2: sections, tied: false) }
    let blocks = try configurationReader(#"{"rope_scaling": {"mrope_interleaved": false}}"#)
    #expect(throws: CheckpointError.self) {
      try DecoderConfiguration(qwen3: blocks, tied: false, standardType: "qwen3_vl")
    }
    for type in ["llama", "qwen3", "qwen2_moe"] {
      let reader = try configurationReader("{\"model_type\": \"\(type)\"}")
      #expect(throws: CheckpointError.self) { try DecoderConfiguration(qwen2: reader, tied: false) }
    }
  }

  /// Folders of published models, where the shared data are.
  @Test(
    .enabled(if: Fixtures.sharedData != nil, "needs ../shared/data"),
    arguments: [
      ("Qwen--Qwen2-VL-2B-Instruct", 28, true), ("Qwen--Qwen2.5-VL-3B-Instruct", 36, true),
      ("Qwen--Qwen2.5-VL-7B-Instruct", 28, false), ("Qwen--Qwen3-VL-4B-Instruct", 36, true),
    ])
  func `published configurations are read`(_ folder: String, depth: Int, tied: Bool) throws {
    let data = try #require(Fixtures.sharedData)
    let path = data.appending(path: "published/\(folder)/config.json").path
    let root = try configurationReader(String(decoding: try readFile(path), as: UTF8.self))
    let ties = try root.boolean("tie_word_embeddings", default: false)
    let configuration =
      folder.contains("Qwen3")
      ? try DecoderConfiguration(qwen3: root.section("text_config"), tied: ties)
      : try DecoderConfiguration(qwen2: root, tied: ties)
    #expect(configuration.depth == depth && configuration.tiesEmbeddings == tied)
    #expect(configuration.rotarySections.counts?.reduce(0, +) == configuration.headWidth / 2)
    #expect(configuration.rotaryTheta == (folder.contains("Qwen3") ? 5_000_000 : 1_000_000))
  }
}
