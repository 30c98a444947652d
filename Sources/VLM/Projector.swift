import Checkpoint
import Kernels

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

  /// [rows, vision width] → [rows, decoder width].
  public func callAsFunction(_ features: Matrix, workers: Workers) -> Matrix {
    second(first(features, activation: activation, workers: workers), workers: workers)
  }
}
