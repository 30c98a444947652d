import Foundation

/// Tensors to write into a safetensors file. Names are unique; data is written as little-endian Float32 or Int64.
public struct TensorWriter {
  private enum Payload {
    case floats([Float])
    case integers([Int])

    var bytes: Int {
      switch self {
      case .floats(let values): values.count * 4
      case .integers(let values): values.count * 8
      }
    }
  }

  private var tensors: [(name: String, shape: [Int], payload: Payload)] = []
  public var metadata: [String: String]

  public init(metadata: [String: String] = [:]) { self.metadata = metadata }

  /// Adds a Float32 tensor; its shape must fit the values.
  public mutating func add(_ name: String, shape: [Int], _ values: [Float]) {
    append(name, shape, .floats(values), count: values.count)
  }

  /// Adds an Int64 tensor; its shape must fit the values.
  public mutating func add(_ name: String, shape: [Int], integers values: [Int]) {
    append(name, shape, .integers(values), count: values.count)
  }

  /// Writes a temporary file beside `path` and renames it, so that `path` never holds a half-written file.
  /// - Throws: `CheckpointError.unwritable`.
  public func write(to path: String) throws(CheckpointError) {
    do {
      try contents().write(to: URL(fileURLWithPath: path), options: .atomic)
    } catch {
      throw .unwritable(file: path, reason: error.localizedDescription)
    }
  }

  private mutating func append(_ name: String, _ shape: [Int], _ payload: Payload, count: Int) {
    precondition(shape.reduce(1, *) == count, "a tensor's shape fits its values")
    precondition(!tensors.contains { $0.name == name }, "tensor names are unique")
    tensors.append((name, shape, payload))
  }

  private func contents() throws -> Data {
    struct Entry: Encodable {
      let dtype: String
      let shape: [Int]
      let dataOffsets: [Int]

      enum CodingKeys: String, CodingKey {
        case dtype, shape
        case dataOffsets = "data_offsets"
      }
    }
    var offset = 0
    var fields: [String] = []
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    func text(_ value: some Encodable) throws -> String { String(decoding: try encoder.encode(value), as: UTF8.self) }
    if !metadata.isEmpty { fields.append("\"__metadata__\":\(try text(metadata))") }
    for tensor in tensors {
      let type = if case .floats = tensor.payload { ElementType.f32 } else { ElementType.i64 }
      let entry = Entry(
        dtype: type.rawValue, shape: tensor.shape, dataOffsets: [offset, offset + tensor.payload.bytes])
      fields.append("\(try text(tensor.name)):\(try text(entry))")
      offset += tensor.payload.bytes
    }
    var header = Array("{\(fields.joined(separator: ","))}".utf8)
    header += [UInt8](repeating: 0x20, count: (8 - header.count % 8) % 8)
    var data = Data(capacity: 8 + header.count + offset)
    withUnsafeBytes(of: UInt64(header.count).littleEndian) { data.append(contentsOf: $0) }
    data.append(contentsOf: header)
    for tensor in tensors {
      switch tensor.payload {
      case .floats(let values): values.withUnsafeBytes { data.append(contentsOf: $0) }
      case .integers(let values): values.withUnsafeBytes { data.append(contentsOf: $0) }
      }
    }
    return data
  }
}
