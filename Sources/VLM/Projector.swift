import Checkpoint
import Kernels
import Pruning

/// Two linear layers with an activation between: vision features → the decoder's width. It runs on kept rows only.
public struct Projector: Sendable {
  private let first: Linear
  private let second: Linear
  private let activation: Activation

  public init(
    inputs: Int, outputs: Int, activation: Activation, bias: Bool, from scope: WeightScope
  ) throws(CheckpointError) {
    let scope = scope.of(.projector)
    first = try scope.linear("linear_1", inputs: inputs, outputs: outputs, bias: bias)
    second = try scope.linear("linear_2", inputs: outputs, outputs: outputs, bias: bias)
    self.activation = activation
  }

  /// Whether the activation is the exact GELU.
  public var isPlain: Bool { activation == .gelu }

  /// Its weights, for strategies that step through it; nil where the activation is not the exact GELU.
  public func weights(workers: Workers) -> ProjectorWeights? {
    guard isPlain else { return nil }
    let (first, second) = (first.dense(workers: workers), second.dense(workers: workers))
    return ProjectorWeights(
      first: first.weights, firstBias: first.bias, second: second.weights, secondBias: second.bias)
  }

  /// [rows, vision width] → [rows, decoder width].
  public func callAsFunction(_ features: Matrix, workers: Workers) -> Matrix {
    second(first(features, activation: activation, workers: workers), workers: workers)
  }
}
