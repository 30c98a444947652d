import Checkpoint
import Foundation
import TestSupport
import Testing

@Suite struct `inspect writes every named intermediate` {
  private func inspect(_ more: String..., model: String = classic) -> Command {
    Command(["inspect", square, "--model", model, "-q", "What is this?", "--max-new-tokens", "4"] + more)
  }

  @Test
  func `--tensors has the contract's names and shapes`() throws {
    let scratch = try Scratch()
    let path = scratch.path("out.safetensors")
    try expectSuccess(inspect("--tensors", path, "--strategy", "hiprune", "--keep", "9", "--layers", "1,4"))
    #expect(try scratch.names() == ["out.safetensors"])
    let file = try TensorFile(path: path)
    let ids = try file.integers("prompt.input_ids")
    let tokens = ids.count - 25 + 9
    var expected: [String: [Int]] = [
      "pixel_values": [1, 3, 70, 70], "vision.embeddings": [1, 26, 64], "vision.features": [1, 25, 64],
      "projected": [9, 64], "plan.kept": [9], "prompt.input_ids": [ids.count], "decoder.embeddings": [tokens, 64],
      "logits": [512], "vision.attention.01": [1, 4, 26, 26], "vision.attention.04": [1, 4, 26, 26],
    ]
    for layer in 0..<5 { expected["vision.block.0\(layer)"] = [1, 26, 64] }
    for layer in 0..<3 { expected["decoder.block.0\(layer)"] = [tokens, 64] }
    let generated = try file.integers("generated_ids")
    #expect((1...4).contains(generated.count))
    expected["generated_ids"] = [generated.count]
    #expect(file.entries.mapValues(\.shape) == expected)
    #expect(ids.count { $0 == 480 } == 25, "the image token once for every row before pruning")
    let kept = try file.integers("plan.kept")
    #expect(kept == kept.sorted() && Set(kept).count == 9)
  }

  @Test
  func `a family that sends the class token has a row more`() throws {
    let scratch = try Scratch()
    let path = scratch.path("out.safetensors")
    try expectSuccess(inspect("--tensors", path, "--keep", "4", model: Fixtures.model("tiny-full").path))
    let file = try TensorFile(path: path)
    #expect(file.entries["vision.features"]?.shape == [1, 17, 40])
    #expect(file.entries["projected"]?.shape == [5, 48])
  }

  @Test
  func `the table and --json say the same`() throws {
    let outcome = try expectSuccess(inspect("--keep", "9"))
    let lines = outcome.text.split(separator: "\n").map(String.init)
    #expect(lines[0].split(separator: " ").map(String.init) == ["tensor", "shape", "mean", "deviation"])
    let report = try expectKeys(
      expectSuccess(inspect("--keep", "9", "--json")).json(), EnvelopeKeys.run.union(["answer", "tensors"]))
    let tensors = try #require(report["tensors"] as? [JSONObject])
    #expect(lines.dropFirst().map { String($0.prefix { $0 != " " }) } == tensors.compactMap { $0["name"] as? String })
    for tensor in tensors { _ = try expectKeys(tensor, ["name", "shape", "mean", "deviation"]) }
    let answer = try #require(report["answer"] as? String)
    #expect(outcome.errors == "answer: \(answer)\n")
  }

  @Test
  func `--heatmap makes the folder and one picture a block`() throws {
    let scratch = try Scratch()
    try expectSuccess(inspect("--heatmap", scratch.path("maps")))
    let names = try FileManager.default.contentsOfDirectory(atPath: scratch.path("maps")).sorted()
    #expect(names == (0..<5).map { "block-0\($0).png" })
    for name in names { #expect(try scratch.bytes("maps/\(name)").starts(with: [0x89, 0x50, 0x4e, 0x47])) }
  }

  @Test
  func `the pruned answer is ask's`() throws {
    let inspected = try expectSuccess(inspect("--keep", "9", "--json")).json()
    var command = ask("--keep", "9", "--json")
    command.arguments += ["--max-new-tokens", "4"]
    #expect(try inspected["answer"] as? String == expectSuccess(command).json()["answer"] as? String)
  }

  @Test
  func `bad requests are errors before any compute, and leave nothing behind`() throws {
    let scratch = try Scratch()
    let file = try scratch.write("text", as: "file")
    let out = scratch.path("out.safetensors")
    try expectFailure(inspect("--layers", "5", "--tensors", out), exitCode: 2, naming: "--layers 5", "0 to 4")
    try expectFailure(inspect("--layers", "one", "--tensors", out), exitCode: 2, naming: "--layers one")
    try expectFailure(inspect("--layers", "", "--tensors", out), exitCode: 2, naming: "--layers")
    try expectFailure(inspect("--tensors", scratch.folder), naming: "is a folder")
    try expectFailure(inspect("--tensors", scratch.path("no/out")), naming: "cannot be written")
    try expectFailure(inspect("--evidence", "\(file)/out"), naming: "--evidence")
    try expectFailure(inspect("--heatmap", file), naming: "is a file")
    try expectFailure(inspect("--heatmap", scratch.path("no/maps")), naming: "cannot be written")
    try expectFailure(inspect("--tensors", out, "--evidence", out), exitCode: 2, naming: "same file")
    try expectFailure(Command("inspect", square, "--model", classic), exitCode: 2, naming: "no question")
    try expectFailure(inspect("--tensors", out, "--keep", "26"), exitCode: 2, naming: "26")
    #expect(try scratch.names() == ["file"])
  }
}
