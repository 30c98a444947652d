/// How the weights of a product are stored and multiplied. Activations between products are Float32 in every format.
public enum NumberFormat: String, Sendable, Hashable, CaseIterable {
  case f32
  case bf16
  /// One scale per output and one per activation row, after a Hadamard rotation of the input channels (QuaRot,
  /// arXiv:2404.00456): a few channels of trained models are a hundred times larger than the rest, and would drown the
  /// others.
  case int8

  /// Bytes of a packed weight.
  var size: Int {
    switch self {
    case .f32: 4
    case .bf16: 2
    case .int8: 1
    }
  }

  /// Packed rows are whole multiples of this many input channels: sixteen groups of one 32-bit word.
  var granularity: Int { 64 / size }
}
