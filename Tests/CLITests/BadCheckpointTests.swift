import Foundation
import TestSupport
import Testing

@Suite struct `Broken checkpoints are one error and one hint` {
  private func refuse(
    _ checkpoint: AlteredCheckpoint, naming fragment: String, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    try expectFailure(ask(model: checkpoint.folder), naming: fragment, sourceLocation: sourceLocation)
  }

  @Test(arguments: ["config.json", "tokenizer.json", "preprocessor_config.json"])
  func `files that are missing`(file: String) throws {
    try refuse(
      AlteredCheckpoint(without: [file]), naming: file == "preprocessor_config.json" ? "processor_config.json" : file)
  }

  @Test(arguments: ["config.json", "tokenizer.json", "preprocessor_config.json"])
  func `JSON that is broken, empty, of another kind or nested without end`(file: String) throws {
    let deep = String(repeating: "[", count: 100_000)
    for content in ["{\"a\": ", "", "[]", "null", "\u{0}\u{1}", "{\"a\": 1} x", deep, "{\"model_type\": \"llava\""] {
      let checkpoint = try AlteredCheckpoint()
      try checkpoint.replace(file, with: content.utf8)
      try refuse(checkpoint, naming: content.isEmpty && file == "config.json" ? "config.json" : "")
    }
  }

  @Test
  func `a model of another family, a quantised one, one in another form`() throws {
    var checkpoint = try AlteredCheckpoint()
    try checkpoint.edit("config.json", "\"model_type\": \"llava\"", "\"model_type\": \"qwen9\"")
    try refuse(checkpoint, naming: "\"qwen9\", which is not supported")
    for method in ["awq", "gptq", "fp8"] {
      checkpoint = try AlteredCheckpoint()
      let entry = "\"quantization_config\": {\"quant_method\": \"\(method)\"}, \"ignore_index\""
      try checkpoint.edit("config.json", "\"ignore_index\"", entry)
      try refuse(checkpoint, naming: "quantised by \(method)")
      try refuse(checkpoint, naming: "hint: convert the checkpoint")
    }
    for file in ["pytorch_model.bin", "model.gguf", "pytorch_model.bin.index.json"] {
      checkpoint = try AlteredCheckpoint(without: ["model.safetensors"])
      try checkpoint.replace(file, with: [1, 2, 3])
      try refuse(checkpoint, naming: "\(file), which is not supported")
      try refuse(checkpoint, naming: "hint: convert it")
    }
    try refuse(AlteredCheckpoint(without: ["model.safetensors"]), naming: "no model.safetensors")
    checkpoint = try AlteredCheckpoint(without: ["model.safetensors"])
    try FileManager.default.createDirectory(
      atPath: checkpoint.scratch.path("model.safetensors"), withIntermediateDirectories: false)
    try refuse(checkpoint, naming: "not a regular file")
  }

  @Test(arguments: [
    ("\"hidden_size\": 64", "\"hidden_size\": 65"), ("\"hidden_size\": 64", "\"hidden_size\": -1"),
    ("\"hidden_size\": 64", "\"hidden_size\": 1e300"), ("\"hidden_size\": 64", "\"hidden_size\": \"wide\""),
    ("\"num_hidden_layers\": 3", "\"num_hidden_layers\": 1000000"),
    ("\"num_hidden_layers\": 3", "\"num_hidden_layers\": 4"),
    ("\"num_hidden_layers\": 3", "\"num_hidden_layers\": 2"),
    ("\"patch_size\": 14", "\"patch_size\": 0"), ("\"patch_size\": 14", "\"patch_size\": 13"),
    ("\"image_size\": 70", "\"image_size\": 8192"), ("\"vision_feature_layer\": -2", "\"vision_feature_layer\": 9"),
    ("\"vision_feature_layer\": -2", "\"vision_feature_layer\": [[]]"), ("\"gelu\"", "\"swish9\""),
    ("\"num_attention_heads\": 4", "\"num_attention_heads\": 3"), ("\"vocab_size\": 512", "\"vocab_size\": 100"),
    ("\"max_position_embeddings\": 512", "\"max_position_embeddings\": 0"),
    ("\"rms_norm_eps\": 1e-05", "\"rms_norm_eps\": -1"), ("\"vision_config\": {", "\"vision_config\": 5, \"x\": {"),
    ("\"image_token_index\": 480", "\"image_token_index\": 7"),
    ("\"vision_feature_select_strategy\": \"default\"", "\"vision_feature_select_strategy\": \"some\""),
  ])
  func `configuration values that cannot be`(old: String, new: String) throws {
    let checkpoint = try AlteredCheckpoint()
    try checkpoint.edit("config.json", old, new)
    try refuse(checkpoint, naming: "")
  }

  @Test(arguments: [
    ("\"height\": 70", "\"height\": 56"), ("\"height\": 70", "\"height\": -70"),
    ("\"height\": 70", "\"height\": 1e12"),
    ("\"shortest_edge\": 70", "\"shortest_edge\": 0"), ("\"shortest_edge\": 70", "\"shortest_edge\": 1000000000"),
    ("0.26862954", "0"), ("\"resample\": 3", "\"resample\": 77"),
    ("\"do_center_crop\": true", "\"do_center_crop\": false"),
    ("\"do_center_crop\": true", "\"do_center_crop\": true, \"do_pad\": true"),
  ])
  func `image processors that do not fit`(old: String, new: String) throws {
    let checkpoint = try AlteredCheckpoint()
    try checkpoint.edit("preprocessor_config.json", old, new)
    try refuse(checkpoint, naming: "")
  }

  @Test
  func `a tokenizer without the image token, or with broken parts`() throws {
    for (old, new, fragment) in [
      ("\"<image>\"", "\"<picture>\"", "no image token <image>"), ("\"BPE\"", "\"WordPiece\"", "tokenizer"),
      ("\"merges\"", "\"merged\"", "tokenizer"), ("\"added_tokens\": [", "\"added_tokens\": [5,", "tokenizer"),
    ] {
      let checkpoint = try AlteredCheckpoint()
      try checkpoint.edit("tokenizer.json", old, new)
      try refuse(checkpoint, naming: fragment)
    }
  }

  @Test
  func `an index that names what is not there, or leaves the folder`() throws {
    let index = "model.safetensors.index.json"
    let shard = "model-00002-of-00004.safetensors"
    try refuse(AlteredCheckpoint("tiny-full", without: [shard]), naming: shard)
    for (old, new) in [
      (shard, "model-00009-of-00004.safetensors"), (shard, "../model.safetensors"), ("\"weight_map\"", "\"map\""),
      ("\(shard)\"", "\(shard)\", \"extra.weight\": \"\(shard)\""), ("{", "{{"),
    ] {
      let checkpoint = try AlteredCheckpoint("tiny-full")
      try checkpoint.edit(index, old, new)
      try refuse(checkpoint, naming: "")
    }
  }
}
