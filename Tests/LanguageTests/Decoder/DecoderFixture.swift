import Basics
import Checkpoint
import Kernels
import Language
import TestSupport
import Testing

/// A tiny decoder with what transformers computes with it: `fixtures/generate/decoders.py`.
struct DecoderFixture: Sendable, CustomTestStringConvertible {
  let name: String
  var testDescription: String { name }

  static let all = ["qwen2", "qwen2_5-vl", "qwen3", "qwen3-vl"].map(DecoderFixture.init)

  var golden: Golden { get throws { try Golden(Fixtures.url("golden/decoder/\(name).safetensors").path) } }

  func configuration() throws -> DecoderConfiguration {
    let reader = try configurationReader(golden.metadata["config"] ?? "")
    return name.hasPrefix("qwen2")
      ? try DecoderConfiguration(qwen2: reader, tied: false) : try DecoderConfiguration(qwen3: reader, tied: false)
  }

  func decoder() throws -> Decoder {
    let source = WeightSource(file: try golden.file)
    let decoder = try Decoder(
      try configuration(), from: WeightScope(source, prefix: "model"), headScope: WeightScope(source))
    try source.finish { $0.hasPrefix("golden.") }
    return decoder
  }

  func matrix(_ name: String) throws -> Matrix {
    let shape = try golden.shape("golden.\(name)")
    return Matrix(rows: shape[0], columns: shape[1], values: try golden.floats("golden.\(name)"))
  }

  func positions() throws -> [Position] {
    let numbers = try golden.integers("golden.positions")
    return stride(from: 0, to: numbers.count, by: 3).map {
      Position(temporal: numbers[$0], height: numbers[$0 + 1], width: numbers[$0 + 2])
    }
  }

  func additions() throws -> LayerAdditions? {
    guard try golden.contains("golden.additions.rows") else { return nil }
    return LayerAdditions(
      rows: try golden.integers("golden.additions.rows"),
      levels: [try matrix("additions.0"), try matrix("additions.1")])
  }
}

/// A reader of a configuration that a test spells out.
func configurationReader(_ text: String) throws -> ConfigurationReader {
  try ConfigurationReader(try JSONValue(parsing: Array(text.utf8)), file: "config.json")
}

/// Keeps what a decoder shows.
final class RecordingSink: TensorSink {
  private(set) var tensors: [String: [Float]] = [:]
  func take(_ name: String, shape: [Int], _ values: [Float]) { tensors[name] = values }
}
