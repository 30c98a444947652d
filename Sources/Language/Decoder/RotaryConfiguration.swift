import Checkpoint
import Kernels

/// How a configuration sets rotary positions.
struct RotaryConfiguration {
  var theta: Double
  var scaling: RotaryScaling
  var sections: RotarySections
}

extension ConfigurationReader {
  /// Both spellings: `rope_theta` beside `rope_scaling`, and `rope_parameters` with everything inside; the former wins.
  func rotary(
    context: Int, headWidth: Int, defaults: DecoderConfiguration.Defaults
  ) throws(CheckpointError) -> RotaryConfiguration {
    let parameters = try section(has("rope_scaling") ? "rope_scaling" : "rope_parameters")
    for reader in [self, parameters] {
      let share = try reader.number("partial_rotary_factor", default: 1)
      guard share == 1 else { throw reader.error("partial_rotary_factor", found: "\(share)", expected: "1") }
    }
    for kind in ["full_attention", "sliding_attention"] where parameters.has(kind) {
      throw parameters.error(kind, found: "an object", expected: "one set of parameters for all layers")
    }
    return RotaryConfiguration(
      theta: try parameters.singleNumber(
        "rope_theta", default: try singleNumber("rope_theta", default: defaults.rotaryTheta)),
      scaling: try parameters.rotaryScaling(context: context, takesSections: defaults.rotarySections != .none),
      sections: try parameters.rotarySections(headWidth: headWidth, default: defaults.rotarySections))
  }

  private func rotaryScaling(context: Int, takesSections: Bool) throws(CheckpointError) -> RotaryScaling {
    let kind = try string("rope_type", default: try string("type", default: "default"))
    switch kind {
    case "default": return .none
    // Positions of three numbers, and frequencies as they are.
    case "mrope" where takesSections: return .none
    case "linear": return .linear(factor: try singleNumber("factor", default: 1))
    case "llama3":
      return .llama3(
        factor: try singleNumber("factor", default: 8),
        lowFrequencyFactor: try singleNumber("low_freq_factor", default: 1),
        highFrequencyFactor: try singleNumber("high_freq_factor", default: 4),
        originalContext: try singleNumber("original_max_position_embeddings", default: Double(context)))
    default:
      throw error(
        "rope_type", found: "\"\(kind)\"", expected: "default, \(takesSections ? "mrope, " : "")linear or llama3")
    }
  }

  private func rotarySections(
    headWidth: Int, default fallback: RotarySections
  ) throws(CheckpointError) -> RotarySections {
    guard let standard = fallback.counts else { return .none }
    let isInterleaved = fallback == .interleaved(standard)
    // transformers does not read this key, other programs do: only the value that both understand alike is right.
    guard try boolean("mrope_interleaved", default: isInterleaved) == isInterleaved else {
      throw error("mrope_interleaved", found: "\(!isInterleaved)", expected: "\(isInterleaved)")
    }
    let counts = try integers("mrope_section", default: standard)
    guard counts.count == 3, counts.allSatisfy({ (0...headWidth).contains($0) }),
      counts.reduce(0, +) == headWidth / 2
    else {
      throw error(
        "mrope_section", found: "\(counts)", expected: "three counts of channels that sum to \(headWidth / 2)")
    }
    return isInterleaved ? .interleaved(counts) : .blocks(counts)
  }
}
