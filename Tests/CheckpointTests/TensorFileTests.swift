import Checkpoint
import TestSupport
import Testing

@Suite struct `A tensor file` {
  static let shapes = [[], [0], [1], [3], [2, 0, 5], [7, 1], [2, 3, 5]]

  @Test func `reads back what was written: names, shapes, numbers, metadata`() throws {
    let awkward = ["plain", "with \"quotes\" and \\", "größer/圆", "with\nnewline", "__almost_metadata__"]
    let special: [Float] = [0, -0.0, .leastNonzeroMagnitude, .infinity, -.infinity, .greatestFiniteMagnitude, 1 / 3]
    try withTemporaryFolder { folder in
      var writer = TensorWriter(metadata: ["grid": "24x24", "größe": "\"5\"\n"])
      for (index, shape) in Self.shapes.enumerated() {
        let count = shape.reduce(1, *)
        writer.add("floats.\(index)", shape: shape, TestNumbers.sample(count))
        writer.add("integers.\(index)", shape: shape, integers: (0..<count).map { $0 * -1_000_000_007 })
      }
      for name in awkward { writer.add(name, shape: [special.count], special) }
      writer.add("extremes", shape: [2], integers: [.min, .max])
      let path = "\(folder)/new.safetensors"
      try writer.write(to: path)
      let file = try TensorFile(path: path)
      #expect(file.metadata == ["grid": "24x24", "größe": "\"5\"\n"])
      #expect(file.entries.count == Self.shapes.count * 2 + awkward.count + 1)
      for (index, shape) in Self.shapes.enumerated() {
        let count = shape.reduce(1, *)
        #expect(try file.floats("floats.\(index)", shape: shape).values == TestNumbers.sample(count))
        #expect(file.entries["integers.\(index)"]?.shape == shape)
        #expect(try file.integers("integers.\(index)") == (0..<count).map { $0 * -1_000_000_007 })
      }
      for name in awkward {
        #expect(try file.floats(name).values.map(\.bitPattern) == special.map(\.bitPattern), "\(name)")
      }
      #expect(try file.integers("extremes") == [.min, .max])
    }
  }

  @Test func `may be empty, with and without metadata`() throws {
    for metadata in [[:], ["a": "b"]] {
      try withTemporaryFolder { folder in
        try TensorWriter(metadata: metadata).write(to: "\(folder)/empty.safetensors")
        let file = try TensorFile(path: "\(folder)/empty.safetensors")
        #expect(file.entries.isEmpty && file.metadata == metadata)
      }
    }
  }

  @Test func `replaces an old file, and says so when it cannot be written`() throws {
    try withTemporaryFolder { folder in
      try writeFile([1, 2, 3], to: "\(folder)/file")
      try TensorWriter().write(to: "\(folder)/file")
      #expect(try TensorFile(path: "\(folder)/file").entries.isEmpty)
      let error = checkpointError { try TensorWriter().write(to: "\(folder)/none/file") }
      guard case .unwritable? = error else {
        Issue.record("\(String(describing: error))")
        return
      }
    }
  }

  /// Data after a header of any length: no element is aligned when the header is not.
  @Test(arguments: 0...7)
  func `is read wherever its data begins`(padding: Int) throws {
    let numbers: [Float] = [1, -2.5, 3e-30]
    let entries = [
      "\"f\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,12]}",
      "\"h\":{\"dtype\":\"F16\",\"shape\":[2],\"data_offsets\":[12,16]}",
      "\"b\":{\"dtype\":\"BF16\",\"shape\":[2],\"data_offsets\":[16,20]}",
      "\"i\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[20,28]}",
    ]
    let header = "{\(entries.joined(separator: ","))}" + String(repeating: " ", count: padding)
    var data = numbers.withUnsafeBytes { [UInt8]($0) }
    data += [0x00, 0x3c, 0x00, 0xc1, 0x80, 0x3f, 0x20, 0xc1, 0xfe]
    data += [UInt8](repeating: 0xff, count: 7)
    let file = try RawTensorFile(header: header, data: data).read()
    #expect(try file.floats("f").values == numbers)
    #expect(try file.floats("h").values == [1, -2.5])
    #expect(try file.floats("b").values == [1, -10])
    #expect(try file.integers("i") == [-2])
  }

  @Test func `names what is missing, of another shape or of another type`() throws {
    let header =
      "{\"a\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[0,8]},"
      + "\"b\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[8,16]}}"
    let file = try RawTensorFile(header: header, data: [UInt8](repeating: 0, count: 16)).read()
    #expect(throws: CheckpointError.missingTensor(name: "c", file: file.path)) { try file.floats("c") }
    #expect(throws: CheckpointError.missingTensor(name: "c", file: file.path)) { try file.integers("c") }
    #expect(throws: CheckpointError.shape(name: "b", expected: [2, 1], found: [1, 2], file: file.path)) {
      try file.floats("b", shape: [2, 1])
    }
    #expect(throws: CheckpointError.unsupportedType(name: "a", type: "F64", file: file.path)) { try file.floats("a") }
    #expect(throws: CheckpointError.unsupportedType(name: "b", type: "F32", file: file.path)) {
      try file.integers("b")
    }
  }

  @Test func `is a regular file that exists`() throws {
    try withTemporaryFolder { folder in
      for path in [folder, "\(folder)/absent", "/dev/null"] {
        guard case .unreadable(path, _)? = checkpointError({ _ = try TensorFile(path: path) }) else {
          Issue.record("\(path) was read")
          continue
        }
      }
    }
  }

  @Test func `keeps its mapping for as long as a tensor is used`() throws {
    let buffer = try withTemporaryFolder { folder in
      var writer = TensorWriter()
      writer.add("x", shape: [1000], TestNumbers.sample(1000))
      try writer.write(to: "\(folder)/x")
      return try TensorFile(path: "\(folder)/x").floats("x")
    }
    #expect(buffer.values == TestNumbers.sample(1000))
  }
}

extension TestNumbers {
  static func sample(_ count: Int) -> [Float] {
    var numbers = TestNumbers(seed: 5)
    return numbers.floats(count)
  }
}
