import Checkpoint
import Foundation
import TestSupport
import Testing

/// The tiny checkpoint's tower runs four blocks, and its pictures have 25 patches.
@Suite struct `Methods inside the tower on the command line` {
  @Test
  func `ask says what each stage left`() throws {
    let spec = "tome(keep=20) + fastervlm + fastv(layer=1)"
    let report = try expectSuccess(ask("--strategy", spec, "--keep", "8", "--json")).json()
    let tokens = try expectKeys(
      report["tokens"], ["visual", "kept", "keep_ratio", "kept_per_block", "stages", "prompt", "generated"])
    let stages = try #require(tokens["stages"] as? [[String: Any]])
    #expect(stages.map { $0["place"] as? String } == ["tower", "between", "decoder"])
    #expect(stages.map { $0["strategy"] as? String } == ["tome", "fastervlm", "fastv"])
    // Twice 8 reach the decoder; ⌊(3·8 − 16) / 2⌋ are left after its first block.
    #expect(stages.map { $0["tokens"] as? Int } == [20, 16, 8] && tokens["kept_per_block"] as? [Int] == [16, 4, 4])
    let line = try expectSuccess(ask("--strategy", spec, "--keep", "8")).errors
    #expect(line.contains("kept 8 of 25 visual tokens (32.0%): tome 20, fastervlm 16, fastv 8"), "\(line)")
    #expect(line.contains("tome(keep=20, r=auto, inflect=0, proportional=true, order=raster) + fastervlm(keep=auto, "))
    let alone = try expectSuccess(ask("--strategy", "fastervlm", "--keep", "8", "--json")).json()
    #expect((alone["tokens"] as? [String: Any])?["stages"] == nil)
  }

  @Test
  func `evit and tome find their own number where their authors have one`() throws {
    func kept(_ spec: String, _ keep: String...) throws -> Int? {
      let report = try expectSuccess(ask(["--strategy", spec, "--json"] + keep)).json()
      return (report["tokens"] as? [String: Any])?["kept"] as? Int
    }
    // ⌈0.7·25⌉ + 1, ⌈0.7·19⌉ + 1, ⌈0.7·15⌉ + 1.
    #expect(try kept("evit") == 12)
    #expect(try kept("tome(r=3)") == 13 && kept("tome(r=3)", "--keep", "all") == 25)
    #expect(try kept("tome") == 25)
    try expectFailure(ask("--strategy", "tome(r=3)", "--keep", "9"), exitCode: 2, naming: "auto beside a number")
    try expectFailure(ask("--strategy", "tome", "--keep", "adaptive"), exitCode: 2, naming: "no budget is given")
    try expectFailure(ask("--strategy", "tome", "--keep", "4"), exitCode: 2, naming: "keep 5 or more")
    try expectFailure(
      ask("--strategy", "tome + hiprune", "--keep", "4"), exitCode: 2, naming: "reads where tokens lie")
  }

  @Test
  func `an overlay and inspect map tokens back to patches`() throws {
    let scratch = try Scratch()
    let (tensors, overlay) = (scratch.path("out.safetensors"), scratch.path("overlay.png"))
    try expectSuccess(ask("--strategy", "evit", "--keep", "9", "--overlay", overlay))
    #expect(FileManager.default.fileExists(atPath: overlay))
    try expectSuccess(inspect("--strategy", "evit", "--keep", "9", "--tensors", tensors))
    let file = try TensorFile(path: tensors)
    let (owner, kept) = (try file.integers("plan.owner"), try file.integers("plan.kept"))
    #expect(owner.count == 25 && kept.count == 9 && Set(owner) == Set(kept) && kept.last == -202)
    #expect(try file.integers("plan.tokens").last == 9)
    #expect(file.entries["vision.block.03"]?.shape == [1, 10, 64])
    for option in ["--evidence", "--heatmap"] {
      try expectFailure(
        inspect("--strategy", "tome", "--keep", "9", option, scratch.path("other")), exitCode: 2,
        naming: "inside the tower")
    }
  }

  @Test
  func `bench times fewer rows and counts fewer operations`() throws {
    let report = try expectSuccess(
      Command(
        "bench", "--model", classic, "--strategy", "tome", "--keep", "all,9", "--rounds", "1", "--max-new-tokens", "1",
        "--json")
    ).json()
    let rows = try #require(report["rows"] as? [[String: Any]])
    func number(_ row: Int, _ key: String) -> Double { rows[row][key] as? Double ?? -1 }
    #expect(rows.map { $0["kept"] as? Int } == [25, 9])
    #expect(number(1, "encode_flops") < number(0, "encode_flops") && number(1, "encode_flops") > 0)
    #expect(number(1, "kv_bytes") < number(0, "kv_bytes") && number(1, "kv_bytes") > 0)
  }

  private func ask(_ arguments: String...) -> Command { ask(arguments) }

  private func ask(_ arguments: [String]) -> Command {
    Command(["ask", square, "--model", classic, "-q", "Is the ring red?", "--max-new-tokens", "2"] + arguments)
  }

  private func inspect(_ arguments: String...) -> Command {
    Command(["inspect", square, "--model", classic, "-q", "Is the ring red?", "--max-new-tokens", "1"] + arguments)
  }
}
