import Foundation
import Language
import TestSupport
import Testing

@testable import VLM

@Suite struct `A checkpoint's template` {
  private static let chatML =
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{% for c in m['content'] %}{% if c['type']=='image' %}"
    + "<image>\n{% else %}{{ c['text'] }}{% endif %}{% endfor %}<|im_end|>{% endfor %}"
    + "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"

  private func template(
    of name: String = "tiny-next-vicuna", choice: TemplateChoice = .recognised,
    _ change: (BrokenCheckpoint) throws -> Void = { _ in }
  ) throws -> ChosenTemplate? {
    try withTemporaryFolder { parent in
      let checkpoint = BrokenCheckpoint(folder: "\(parent)/checkpoint")
      try FileManager.default.copyItem(atPath: Fixtures.model(name).path, toPath: checkpoint.folder)
      try change(checkpoint)
      return try FamilyCatalogue.load(
        folder: checkpoint.folder, name: "copy", workers: .init(count: 1), template: choice
      ).template
    }
  }

  private func write(_ text: String, to file: String, of checkpoint: BrokenCheckpoint) throws {
    try text.write(toFile: checkpoint.file(file), atomically: true, encoding: .utf8)
  }

  @Test(arguments: ["tiny-classic", "tiny-next-vicuna"])
  func `decides how its prompts are written, in every family`(_ name: String) throws {
    let chosen = try template(of: name) { try write(Self.chatML, to: "chat_template.jinja", of: $0) }
    #expect(chosen?.template.name == "chatml" && chosen?.origin == "chat_template.jinja")
    let text = chosen?.template.text(turns: [Turn(question: "Why?", pictures: 1)], system: nil, image: "<image>")
    #expect(text == "<|im_start|>user\n<image>\nWhy?<|im_end|><|im_start|>assistant\n")
  }

  /// transformers: processor_config.json's key, then chat_template.json, then chat_template.jinja, then the
  /// tokenizer's.
  @Test func `is taken from the first file that transformers takes it from`() throws {
    let other = Self.chatML.replacing("<|im_end|>{% endfor %}", with: "<|im_end|>\n{% endfor %}")
    func chosen(_ files: [String]) throws -> String? {
      try template { checkpoint in
        try write(other, to: "chat_template.jinja", of: checkpoint)
        for file in files {
          let path = checkpoint.file(file)
          if !FileManager.default.fileExists(atPath: path) { try write("{}", to: file, of: checkpoint) }
          try checkpoint.edit(file) { $0["chat_template"] = Self.chatML }
        }
      }?.origin
    }
    #expect(try chosen(["tokenizer_config.json"]) == "chat_template.jinja")
    #expect(try chosen(["tokenizer_config.json", "chat_template.json"]) == "chat_template.json")
    #expect(try chosen(["chat_template.json", "processor_config.json"]) == "processor_config.json")
    let named = try template { checkpoint in
      try checkpoint.edit("tokenizer_config.json") {
        $0["chat_template"] = [["name": "tool_use", "template": "?"], ["name": "default", "template": Self.chatML]]
      }
    }
    #expect(named?.template.name == "chatml" && named?.origin == "tokenizer_config.json")
  }

  @Test func `that is not known is an error that says what to do`() throws {
    do {
      _ = try template { try write("{{ messages[0]['role'] }}: ?", to: "chat_template.jinja", of: $0) }
      Issue.record("it was loaded")
    } catch let error as VLMError {
      guard case .unknownTemplate(let file, _) = error else {
        Issue.record("\(error)")
        return
      }
      #expect(file.hasSuffix("chat_template.jinja"))
      #expect(error.hint.contains("--template") && error.hint.contains("--raw-prompt") && error.hint.contains("llama3"))
    }
  }

  @Test func `can be named instead, or left aside for whole prompts`() throws {
    func damage(_ checkpoint: BrokenCheckpoint) throws { try write("?", to: "chat_template.jinja", of: checkpoint) }
    #expect(try template(choice: .named("llama3"), damage)?.template.name == "llama3")
    #expect(try template(choice: .none, damage) == nil)
    #expect(throws: VLMError.self) { try template(choice: .named("llama9"), damage) }
  }

  @Test func `that takes no system text refuses one`() throws {
    let strict = "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system') }}{% endif %}" + Self.chatML
    let chosen = try template { try write(strict, to: "chat_template.jinja", of: $0) }
    #expect(chosen?.template.name == "chatml" && chosen?.takesSystem == false)
  }

  @Test func `is its family's own where it has none, with a note where its tokenizer speaks against it`() throws {
    for (name, expected) in [
      ("tiny-classic", "vicuna"), ("tiny-next-mistral", "mistral"), ("tiny-next-llama3", "llama3"),
      ("tiny-video", "vicuna"),
    ] {
      #expect(try TestModel.load(name).template?.template.name == expected, "\(name)")
      #expect(try TestModel.load(name).notes.isEmpty, "\(name)")
    }
    let notes = try TestModel.load("tiny-grouped").notes
    #expect(notes.count == 1 && notes[0].contains("<|im_start|>") && notes[0].contains("--template chatml"))
  }
}

@Suite struct `What a checkpoint says besides` {
  private func load(_ name: String, _ change: (BrokenCheckpoint) throws -> Void) throws -> VisionLanguageModel {
    try withTemporaryFolder { parent in
      let checkpoint = BrokenCheckpoint(folder: "\(parent)/checkpoint")
      try FileManager.default.copyItem(atPath: Fixtures.model(name).path, toPath: checkpoint.folder)
      try change(checkpoint)
      return try checkpoint.load()
    }
  }

  @Test func `of how to generate is noted where it is not done`() throws {
    let model = try load("tiny-classic") { checkpoint in
      let settings =
        #"{"repetition_penalty": 1.2, "no_repeat_ngram_size": 0, "min_new_tokens": 3, "suppress_tokens": [5], "#
        + #""bad_words_ids": [], "do_sample": true, "temperature": 0.2, "eos_token_id": 2}"#
      try settings.write(toFile: checkpoint.file("generation_config.json"), atomically: true, encoding: .utf8)
    }
    #expect(model.notes.count == 4)
    for word in ["repetition_penalty 1.2", "min_new_tokens 3", "suppress_tokens", "do_sample"] {
      #expect(model.notes.contains { $0.contains(word) }, "\(word)")
    }
  }

  /// transformers 5 keeps a head that the file holds: the logits are those of the same checkpoint without the tie.
  @Test func `of tied embeddings does not discard a head of its own`() throws {
    let untied = try TestModel.load("tiny-classic", workers: 1)
    let tied = try load("tiny-classic") { try $0.set("tie_word_embeddings", to: true) }
    let setting = try TestModel.setting()
    #expect(try tied.answer(setting: setting).isIdentical(to: try untied.answer(setting: setting)))
    let same = try load("tiny-classic") { checkpoint in
      try checkpoint.set("tie_word_embeddings", to: true)
      try checkpoint.editWeights { tensors in
        let head = try #require(tensors.keys.first { $0.hasSuffix("lm_head.weight") })
        tensors[head] = try #require(tensors.first { $0.key.hasSuffix("embed_tokens.weight") }?.value)
      }
    }
    let without = try load("tiny-classic") { checkpoint in
      try checkpoint.set("tie_word_embeddings", to: true)
      try checkpoint.editWeights { tensors in
        tensors.keys.filter { $0.hasSuffix("lm_head.weight") }.forEach { tensors[$0] = nil }
      }
    }
    #expect(try same.answer(setting: setting).isIdentical(to: try without.answer(setting: setting)))
  }

  /// BakLLaVA's layout. A Mistral block is LLaMA's, so that the numbers are those of the same weights under `llama`.
  @Test func `of a Mistral decoder is read in LLaVA's family too`() throws {
    let llama = try TestModel.load("tiny-classic", workers: 1)
    let mistral = try load("tiny-classic") { checkpoint in
      try checkpoint.set("model_type", in: "text_config", to: "mistral")
      try checkpoint.set("num_key_value_heads", in: "text_config", to: 4)
      try checkpoint.set("sliding_window", in: "text_config", to: nil)
    }
    #expect(mistral.template?.template.name == "mistral")
    let text = "USER: <image>\nWhat colour is the ring? ASSISTANT:"
    let setting = try TestModel.setting()
    let answers = try [llama, mistral].map { try $0.answer(text, setting: setting, rawPrompt: true) }
    #expect(answers[0].isIdentical(to: answers[1]))
  }

  /// transformers 5 saves the image processor inside processor_config.json, and takes it from there first.
  @Test(arguments: ["tiny-classic", "tiny-next-vicuna", "tiny-video"])
  func `of its image processor counts where processor_config.json nests it`(_ name: String) throws {
    let error = vlmError {
      _ = try load(name) { checkpoint in
        let json = try Data(contentsOf: URL(filePath: checkpoint.file("preprocessor_config.json")))
        var own = try #require(JSONSerialization.jsonObject(with: json) as? [String: Any])
        own["image_std"] = [0, 0, 0]
        let path = checkpoint.file("processor_config.json")
        if !FileManager.default.fileExists(atPath: path) {
          try "{}".write(toFile: path, atomically: true, encoding: .utf8)
        }
        try checkpoint.edit("processor_config.json") { $0["image_processor"] = own }
      }
    }
    guard case .image(_, let file)? = error else {
      Issue.record("the other file was read: \(String(describing: error))")
      return
    }
    #expect(file.hasSuffix("/processor_config.json"))
  }

  @Test(arguments: ["llava_llama", "llava_mistral", "llava"])
  func `of the original layout is named as the cause`(_ type: String) throws {
    let error = try BrokenCheckpoint.error { checkpoint in
      try checkpoint.set("model_type", to: type)
      try checkpoint.set("mm_vision_tower", to: "openai/clip-vit-large-patch14-336")
    }
    guard case .originalLayout(type, _)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(error?.hint.contains("-hf") == true)
  }
}

@Suite struct `Choosing tokens` {
  @Test func `divides positive logits of tokens that were there and multiplies negative ones`() throws {
    let options = try SamplingOptions(temperature: 0, repetitionPenalty: 2)
    var sampler = Sampler(options: options, seed: 0, prompt: [0, 3])
    // 3 / 2 < 2; −1 · 2 < −1.5.
    #expect(sampler.next([3, 2, 1, -1]) == 1)
    // Now token 1 was there, too.
    #expect(sampler.next([3, 2, 1.8, -1]) == 2)
    var plain = Sampler(options: SamplingOptions(), seed: 0, prompt: [0])
    #expect(plain.next([3, 2, 1, -1]) == 0)
  }

  @Test(arguments: [(-1.0, 1.0, 1.0), (.nan, 1, 1), (0, 0, 1), (0, 1.5, 1), (0, 1, 0), (0, 1, .infinity)])
  func `refuses options out of their range`(temperature: Double, topP: Double, penalty: Double) {
    #expect(throws: SamplingError.self) {
      try SamplingOptions(temperature: temperature, topP: topP, repetitionPenalty: penalty)
    }
  }
}
