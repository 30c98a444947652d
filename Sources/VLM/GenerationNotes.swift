import Basics
import Checkpoint

extension FamilyLoader {
  /// Settings of generation_config.json that change what transformers writes, with the values that change nothing. They
  /// are not applied here, so each is reported.
  private static let settings: [(key: String, neutral: [Double])] = [
    ("repetition_penalty", [1]), ("encoder_repetition_penalty", [1]), ("no_repeat_ngram_size", [0]),
    ("encoder_no_repeat_ngram_size", [0]), ("min_length", [0]), ("min_new_tokens", [0]), ("num_beams", [1]),
    ("guidance_scale", [1]), ("penalty_alpha", [0]), ("suppress_tokens", []), ("begin_suppress_tokens", []),
    ("bad_words_ids", []), ("sequence_bias", []), ("forced_bos_token_id", []), ("forced_eos_token_id", []),
    ("exponential_decay_length_penalty", []),
  ]

  /// Settings of generation_config.json that are not applied, one line each.
  func generationNotes() throws(CheckpointError) -> [String] {
    let file = "generation_config.json"
    guard folder.contains(file) else { return [] }
    let json = try folder.json(file)
    var notes: [String] = []
    for (key, neutral) in Self.settings {
      guard let value = json[key], !value.isNull, value.elements?.count != 0 else { continue }
      if let number = value.number, neutral.contains(number) { continue }
      let remedy = key == "repetition_penalty" ? "; --repetition-penalty applies one" : ""
      notes.append("\(file) asks for \(key) \(Self.spelled(value)), which is not applied\(remedy)")
    }
    if json["do_sample"]?.boolean == true {
      notes.append("\(file) asks for sampling (do_sample); answers are greedy unless --temperature is given")
    }
    return notes
  }

  private static func spelled(_ value: JSONValue) -> String {
    if let integer = value.integer { return "\(integer)" }
    return value.number.map { "\($0)" } ?? value.string ?? "(\(value.kind))"
  }
}
