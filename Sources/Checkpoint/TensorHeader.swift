import Basics

/// A safetensors header, checked against the size of its file.
struct TensorHeader {
  private(set) var entries: [String: TensorEntry] = [:]
  private(set) var metadata: [String: String] = [:]

  /// - Parameters:
  ///   - header: the JSON bytes after the length field.
  ///   - dataStart: where tensor data begins in the file.
  init(parsing header: [UInt8], dataStart: Int, fileSize: Int, path: String) throws(CheckpointError) {
    do {
      guard let members = try JSONValue(parsing: header, maximumDepth: 8).members else {
        throw Fault(reason: "its header is not a JSON object")
      }
      for member in members {
        if member.name == "__metadata__" {
          metadata = try Self.metadata(member.value)
          continue
        }
        let entry = try Self.entry(
          member.value, name: member.name, dataStart: dataStart, fileSize: fileSize, path: path)
        guard entries.updateValue(entry, forKey: member.name) == nil else {
          throw Fault(reason: "tensor \(member.name) occurs twice")
        }
      }
      try checkCoverage(from: dataStart, to: fileSize)
    } catch let fault as Fault {
      throw .malformed(file: path, reason: fault.reason)
    } catch let error as JSONError {
      throw .malformed(file: path, reason: error.message)
    } catch let error as CheckpointError {
      throw error
    } catch {
      throw .malformed(file: path, reason: "\(error)")
    }
  }

  private struct Fault: Error {
    let reason: String
  }

  private static func metadata(_ value: JSONValue) throws -> [String: String] {
    guard let members = value.members else { throw Fault(reason: "its metadata is not an object") }
    var result: [String: String] = [:]
    for member in members {
      guard let text = member.value.string else { throw Fault(reason: "metadata \(member.name) is not a string") }
      result[member.name] = text
    }
    return result
  }

  private static func entry(
    _ value: JSONValue, name: String, dataStart: Int, fileSize: Int, path: String
  ) throws -> TensorEntry {
    guard value.kind == .object else {
      throw Fault(reason: "tensor \(name) is \(value.kind), expected an object with \"dtype\"")
    }
    let value = try JSONReader<JSONError>(value, file: path)
    let typeName = try value.string("dtype")
    guard let type = ElementType(rawValue: typeName) else {
      // A newer, quantised type rather than damage: the hint says how to convert.
      throw CheckpointError.unsupportedType(name: name, type: typeName, file: path)
    }
    let shape = try value.elements("shape").map { dimension in
      guard let size = dimension.integer, size >= 0 else { throw Fault(reason: "tensor \(name) has no valid shape") }
      return size
    }
    let offsets = try value.elements("data_offsets").map(\.integer)
    guard offsets.count == 2, let begin = offsets[0], let end = offsets[1], begin >= 0, begin <= end,
      end <= fileSize - dataStart
    else { throw Fault(reason: "tensor \(name) lies outside the file") }
    guard byteCount(shape, type) == end - begin else {
      throw Fault(
        reason: "tensor \(name) of shape \(shape) and dtype \(typeName) does not fill its \(end - begin) bytes")
    }
    return TensorEntry(type: type, shape: shape, bytes: dataStart + begin..<dataStart + end)
  }

  /// Nil where the product overflows.
  private static func byteCount(_ shape: [Int], _ type: ElementType) -> Int? {
    var bytes = type.size
    for size in shape {
      let (product, overflow) = bytes.multipliedReportingOverflow(by: size)
      if overflow { return nil }
      bytes = product
    }
    return bytes
  }

  /// The format requires that tensors cover the data without overlap and without holes.
  private func checkCoverage(from start: Int, to end: Int) throws {
    var position = start
    for (name, entry) in entries.sorted(by: {
      ($0.value.bytes.lowerBound, $0.value.bytes.upperBound) < ($1.value.bytes.lowerBound, $1.value.bytes.upperBound)
    }) {
      guard entry.bytes.lowerBound == position else {
        throw Fault(reason: "tensor \(name) overlaps another one or leaves a hole")
      }
      position = entry.bytes.upperBound
    }
    guard position == end else { throw Fault(reason: "\(end - position) bytes belong to no tensor") }
  }
}
