/// How fast this machine multiplies: the bare product of packed weights, without bias, activation or residual.
public enum ProductRate {
  /// The best of `rounds` runs of [rows, inputs] · [inputs, outputs], in operations per second (a multiplication and an
  /// addition count as two). Each run has new weights, so that they come from memory, as in a model.
  public static func measure(
    _ format: NumberFormat, engine: ProductEngine, rows: Int, inputs: Int, outputs: Int, rounds: Int, workers: Workers
  ) -> Double {
    let layers = (0..<2).map { seed in
      Linear(
        PackedWeights(format: format, inputs: inputs, outputs: outputs, workers: workers) { range, place in
          // Any numbers will do, as long as they are not all equal.
          for index in 0..<range.count * inputs { place[index] = Float((index * 37 + seed) % 251) / 251 - 0.5 }
        }, engine: engine)
    }
    let input = Matrix(rows: rows, columns: inputs, values: (0..<rows * inputs).map { Float($0 % 113) / 113 - 0.5 })
    var output = [Float](repeating: 0, count: rows * outputs)
    let clock = ContinuousClock()
    var best = Duration.seconds(3600)
    for round in 0..<max(rounds, 1) + 1 {
      let start = clock.now
      layers[round % 2].apply(input.values, rows: rows, into: &output, workers: workers)
      // The first run creates the kernels.
      if round > 0 { best = min(best, clock.now - start) }
    }
    let seconds = Double(best.components.attoseconds) * 1e-18 + Double(best.components.seconds)
    return 2 * Double(rows) * Double(inputs) * Double(outputs) / seconds
  }
}
