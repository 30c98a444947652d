import Foundation
import Kernels

// Rates of the products and of attention at the shapes of CLIP-L/14-336, Qwen2.5-VL's tower and a
// 1.1-billion-parameter decoder: the parts that `vlmprune bench` times as a whole.

let workers = Workers(count: ProcessInfo.processInfo.activeProcessorCount)
let rounds = 9

func line(_ columns: [String]) {
  print(
    columns.enumerated().map { index, text in
      text.padding(toLength: index == 0 ? 34 : 14, withPad: " ", startingAt: 0)
    }.joined())
}

/// Milliseconds of the fastest of `rounds` calls, after one that is not counted.
func best(_ body: () -> Void) -> Double {
  let clock = ContinuousClock()
  body()
  let durations = (0..<rounds).map { _ in clock.measure(body) }
  let shortest = durations.min() ?? .zero
  return Double(shortest.components.attoseconds) * 1e-15 + Double(shortest.components.seconds) * 1e3
}

print("\(workers.count) threads; OpenBLAS \(BackEnd.openBLASVersion); oneDNN \(BackEnd.oneDNNVersion)")
print("our own products: \(BackEnd.nativeFormats.map(\.rawValue).joined(separator: ", "))\n")
line(["product [rows, in] → out, GFLOP/s", "f32", "bf16", "int8"])
let engine = ProductEngine()
for (rows, inputs, outputs) in [
  (577, 1024, 1024), (577, 1024, 4096), (577, 4096, 1024), (640, 2048, 2048), (640, 2048, 5632), (640, 5632, 2048),
  (128, 2048, 5632), (1, 2048, 5632),
] {
  let rates = NumberFormat.allCases.map { format in
    ProductRate.measure(
      format, engine: engine, rows: rows, inputs: inputs, outputs: outputs, rounds: rounds, workers: workers)
  }
  line(["[\(rows), \(inputs)] → \(outputs)"] + rates.map { String(format: "%.0f", $0 / 1e9) })
}

/// Milliseconds of a block's attention in Float32 and in bfloat16.
func attentionTimes(
  tokens: Int, heads: Int, headWidth: Int, prefix: Int, segments: [Range<Int>]? = nil, taps: Set<AttentionTap>
) -> [Double] {
  let size = tokens * heads * headWidth
  let operands: [[Float]] = (0..<3).map { part in
    (0..<size).map { (place: Int) -> Float in Float((place * 31 + part * 7) % 101) / 101 - 0.5 }
  }
  var context = [Float](repeating: 0, count: size)
  return [ProductEngine?.none, engine].map { (engine: ProductEngine?) -> Double in
    let attention = EncoderAttention(heads: heads, headWidth: headWidth, prefix: prefix, engine: engine)
    return best {
      _ = attention.apply(
        queries: operands[0], keys: operands[1], values: operands[2], tokens: tokens, segments: segments,
        into: &context, taps: taps, workers: workers)
    }
  }
}

print("")
line(["encoder attention, ms a block", "f32", "bf16"])
for (name, taps) in [
  ("no evidence", Set<AttentionTap>()), ("class row", [.classRow(.softmax)]), ("column sums", [.received(.all)]),
] {
  let times = attentionTimes(tokens: 577, heads: 16, headWidth: 64, prefix: 1, taps: taps)
  line([name] + times.map { String(format: "%.2f", $0) })
}

print("")
line(["Qwen2.5-VL at 1036×1036, ms a block", "f32", "bf16"])
let patches = 74 * 74
let windows = stride(from: 0, to: patches, by: 64).map { $0..<min($0 + 64, patches) }
for (name, segments) in [("windows of 64 patches", windows), ("the whole view", [0..<patches])] {
  for (evidence, taps) in [("", Set<AttentionTap>()), (", column sums", [.received(.all)])] {
    let times = attentionTimes(tokens: patches, heads: 16, headWidth: 80, prefix: 0, segments: segments, taps: taps)
    line(["\(name)\(evidence)"] + times.map { String(format: "%.1f", $0) })
  }
}

print("")
line(["similarity, ms", "cosines", "products"])
for (rows, width) in [(576, 1024), (576, 4096), (2880, 4096)] {
  let matrix = Matrix(
    rows: rows, columns: width,
    values: (0..<rows * width).map { (place: Int) -> Float in Float(place * 37 % 1009) / 1009 - 0.5 })
  let times = [Similarity.cosines, Similarity.products].map { similarity in
    best { _ = similarity(matrix, nil, workers) }
  }
  line(["\(rows) × \(rows), \(width) wide"] + times.map { String(format: "%.1f", $0) })
}

print("")
line(["page faults", "f32", "bf16", "int8"])
for (name, work) in [("a prefill of 640 rows, a layer", prefill), ("a token, a layer", token)] {
  line([name] + NumberFormat.allCases.map { String(format: "%.1f", pageFaults(Layer($0, engine: engine), work)) })
}
