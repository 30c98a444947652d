import Checkpoint
import Testing

/// A file of golden tensors, read by name.
public struct Golden {
  public let file: TensorFile

  public init(_ path: String) throws { file = try TensorFile(path: path) }

  public var metadata: [String: String] { file.metadata }

  public func contains(_ name: String) -> Bool { file.entries[name] != nil }

  public func shape(_ name: String) throws -> [Int] { try #require(file.entries[name]).shape }

  public func floats(_ name: String) throws -> [Float] { try file.floats(name).values }

  public func integers(_ name: String) throws -> [Int] { try file.integers(name) }

  /// Expects `actual` to be the golden tensor `name` within `tolerance`.
  @discardableResult
  public func expect(
    _ actual: [Float], _ name: String, tolerance: Float, sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> Bool {
    expectClose(
      actual: actual, expected: try floats(name), tolerance: tolerance, label: name, shape: try shape(name),
      sourceLocation: sourceLocation)
  }
}
