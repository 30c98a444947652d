import Checkpoint
import Foundation
import VLM

extension Inspection.Tensor {
  /// Whether `--tensors` writes it: the maps of the requested blocks, but not what only an evidence file needs.
  func isWritten(attention layers: [Int]) -> Bool {
    if name.hasPrefix("vision.logits.") || name.hasPrefix("vision.keys.") { return false }
    guard name.hasPrefix("vision.attention.") else { return true }
    return Int(name.dropFirst("vision.attention.".count)).map(layers.contains) ?? false
  }

  /// Mean and standard deviation over all elements, in double.
  var statistics: (mean: Double, deviation: Double) {
    let values = integers.map { $0.map(Double.init) } ?? floats.map(Double.init)
    guard !values.isEmpty else { return (0, 0) }
    let mean = values.reduce(0, +) / Double(values.count)
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (mean, (squares / Double(values.count)).squareRoot())
  }
}

/// `inspect`'s tensors: the file, the table and the JSON.
enum InspectionFile {
  static func write(_ tensors: [Inspection.Tensor], answer: Answer, to path: String) throws {
    var writer = TensorWriter(metadata: ["strategy": answer.strategy.description, "answer": answer.text])
    for tensor in tensors {
      if let integers = tensor.integers {
        writer.add(tensor.name, shape: tensor.shape, integers: integers)
      } else {
        writer.add(tensor.name, shape: tensor.shape, tensor.floats)
      }
    }
    try writer.write(to: path)
  }

  static func table(_ tensors: [Inspection.Tensor]) -> [[String]] {
    [["tensor", "shape", "mean", "deviation"]]
      + tensors.map { tensor in
        let statistics = tensor.statistics
        return [
          tensor.name, "\(tensor.shape)", String(format: "%.5g", statistics.mean),
          String(format: "%.5g", statistics.deviation),
        ]
      }
  }

  struct Report: Encodable {
    struct Tensor: Encodable {
      let name: String
      let shape: [Int]
      let mean: Double
      let deviation: Double
    }

    let answer: String
    let strategy: String
    let tensors: [Tensor]

    init(_ tensors: [Inspection.Tensor], answer: Answer) {
      self.answer = answer.text
      strategy = answer.strategy.description
      self.tensors = tensors.map { tensor in
        let statistics = tensor.statistics
        return Tensor(
          name: tensor.name, shape: tensor.shape, mean: statistics.mean, deviation: statistics.deviation)
      }
    }
  }
}
