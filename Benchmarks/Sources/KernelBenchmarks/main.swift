import Foundation
import Kernels

// Rates of the products and of attention at the shapes of CLIP-L/14-336 and a 1.1-billion-parameter decoder:
// the parts that `vlmprune bench` times as a whole.

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

print("")
line(["encoder attention, ms a block", "f32", "bf16"])
let (tokens, heads, headWidth) = (577, 16, 64)
let size = tokens * heads * headWidth
let operands: [[Float]] = (0..<3).map { part in
  (0..<size).map { (place: Int) -> Float in Float((place * 31 + part * 7) % 101) / 101 - 0.5 }
}
var context = [Float](repeating: 0, count: size)
for (name, taps) in [
  ("no evidence", Set<AttentionTap>()), ("class row", [.classRow(.softmax)]), ("column sums", [.received(.all)]),
] {
  let times = [ProductEngine?.none, engine].map { (engine: ProductEngine?) -> Double in
    let attention = EncoderAttention(heads: heads, headWidth: headWidth, prefix: 1, engine: engine)
    return best {
      _ = attention.apply(
        queries: operands[0], keys: operands[1], values: operands[2], tokens: tokens, into: &context,
        taps: taps, workers: workers)
    }
  }
  line([name] + times.map { String(format: "%.2f", $0) })
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
