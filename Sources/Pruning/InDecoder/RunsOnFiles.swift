/// A method inside the decoder that also works on a file's tensors, where there is no decoder.
protocol RunsOnFiles: DecoderPruning {
  /// The same method there; nil where its options need a decoder.
  var onFiles: (any PruningStrategy)? { get }
}
