import Checkpoint
import Foundation
import TestSupport
import Testing

@Suite struct `select refuses what it cannot read` {
  private static let metadata = [
    "class_token": "true", "grid": "2x2", "image_size": "28x28", "depth": "3", "feature_layer": "1",
  ]

  private let scratch: Scratch

  init() throws { scratch = try Scratch() }

  /// Evidence of one view of four patches with a class token, one head: `attention.1` and `logits.2`.
  private func evidence(
    _ changes: [String: String?] = [:], shape: [Int] = [1, 1, 5, 5], fill: Float = 0.2, name: String = "attention.1"
  ) throws -> String {
    var metadata = Self.metadata
    for (key, value) in changes { metadata[key] = value }
    var writer = TensorWriter(metadata: metadata)
    writer.add(name, shape: shape, [Float](repeating: fill, count: shape.reduce(1, *)))
    let path = scratch.path("evidence.safetensors")
    try writer.write(to: path)
    return path
  }

  private func refuse(
    _ path: String, exitCode: Int32 = 1, _ fragments: String..., more: [String] = [],
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let command = Command(["select", path, "--strategy", "fastervlm", "--keep", "2"] + more)
    let outcome = try command.run()
    expectFailure(outcome, of: command, exitCode: exitCode, naming: fragments, sourceLocation: sourceLocation)
  }

  @Test
  func `the smallest file that serves`() throws {
    let outcome = try expectSuccess(Command("select", evidence(), "--strategy", "fastervlm", "--keep", "2", "--json"))
    #expect((try outcome.json()["views"] as? [JSONObject])?.first?["kept"] as? [Int] == [0, 1])
  }

  @Test(arguments: ["class_token", "grid", "image_size", "depth", "feature_layer"])
  func `metadata that are missing`(key: String) throws {
    try refuse(evidence([key: nil]), "no metadata \"\(key)\"", "add \(key)")
  }

  @Test(arguments: [
    ("class_token", "yes"), ("grid", "2"), ("grid", "2x"), ("grid", "0x4"), ("grid", "-2x-2"),
    ("grid", "99999x99999"),
    ("grid", "9223372036854775807x2"), ("image_size", "28"), ("depth", "0"), ("depth", "99999999999999999999"),
    ("feature_layer", "3"), ("feature_layer", "-1"), ("merge", "3x3"), ("merge", "0x1"), ("crop_grid", "900x900"),
    ("crop_grid", ""), ("digest", "xyz"),
  ])
  func `metadata that say nothing`(key: String, value: String) throws {
    try refuse(evidence([key: value]), key, "set \(key) to")
  }

  @Test
  func `tensors that are missing, mis-shaped or not finite`() throws {
    try refuse(evidence(name: "attention.0"), "needs tensor attention.1", "add attention.1 [V,H,S,S]")
    try refuse(evidence(name: "attention.7"), "attention.7")
    try refuse(evidence(name: "other"), "needs tensor attention.1")
    for shape in [[1, 1, 4, 4], [2, 1, 5, 5], [1, 5, 5], [1, 0, 5, 5], [1, 1, 5, 6], [25]] {
      try refuse(evidence(shape: shape), "has shape \(shape)", "hint: V views")
    }
    for value in [Float.nan, .infinity, -.infinity] { try refuse(evidence(fill: value), "not finite") }
    try refuse(evidence(["class_token": "false"]), "attention.1")
  }

  @Test
  func `what is no safetensors file`() throws {
    try refuse(scratch.path("none.safetensors"), "cannot read")
    try refuse(scratch.folder, "cannot read", "not a regular file")
    try refuse(scratch.write("", as: "empty"), "not a valid safetensors file")
    try refuse(scratch.write("text that is no tensor", as: "text"), "not a valid safetensors file", "save_file")
    try refuse(square, "not a valid safetensors file")
    try refuse("/dev/zero", "not a regular file")
    let whole = try scratch.bytes(URL(fileURLWithPath: evidence()).lastPathComponent)
    try refuse(scratch.write(whole.dropLast(4), as: "short"), "not a valid safetensors file")
    try refuse(Fixtures.model("tiny-classic").appending(path: "model.safetensors").path, "class_token")
  }

  @Test
  func `another type than float32`() throws {
    var writer = TensorWriter(metadata: Self.metadata)
    writer.add("attention.1", shape: [1, 1, 5, 5], integers: [Int](repeating: 1, count: 25))
    try writer.write(to: scratch.path("integers"))
    try refuse(scratch.path("integers"), "unsupported type I64", "float32")
  }

  @Test
  func `budgets and strategies are usage errors here too`() throws {
    let path = try evidence()
    for keep in ["0", "-1", "5", "120%", "nan", ""] { try refuse(path, exitCode: 2, "budget", more: ["--keep", keep]) }
    try refuse(path, exitCode: 2, "none", more: ["--strategy", "none"])
    try refuse(path, exitCode: 2, "no strategy", more: ["--strategy", "nothing"])
    try refuse(path, exitCode: 2, "0…2", more: ["--strategy", "fastervlm(layer=3)"])
    try refuse(evidence(["class_token": "false"], shape: [1, 1, 4, 4]), exitCode: 2, "class token", "hiprune")
    try refuse(path, exitCode: 2, "--colour", more: ["--colour"])
  }
}
