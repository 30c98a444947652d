import Checkpoint
import Foundation
import TestSupport
import Testing

/// The tiny checkpoint's decoder has three blocks and its pictures 25 visual tokens.
@Suite struct `Methods inside the decoder on the command line` {
  @Test
  func `ask says how many tokens each block ran on, and their mean`() throws {
    let report = try expectSuccess(ask("--strategy", "fastv(layer=1)", "--keep", "12", "--json")).json()
    #expect(report["strategy"] as? String == "fastv(layer=1, budget=average)")
    let tokens = try expectKeys(
      report["tokens"], ["visual", "kept", "keep_ratio", "kept_per_block", "prompt", "generated"])
    // ⌊(3·12 − 25) / 2⌋ after the first block; the mean of 25, 5 and 5 is 11.7.
    #expect(tokens["kept_per_block"] as? [Int] == [25, 5, 5])
    #expect(tokens["kept"] as? Int == 12 && tokens["visual"] as? Int == 25)
    let line = try expectSuccess(ask("--strategy", "fastv(layer=1)", "--keep", "12")).errors
    #expect(line.contains("kept 12 of 25 visual tokens (48.0%)"), "\(line)")
  }

  @Test
  func `ask joins a strategy and a method`() throws {
    let report = try expectSuccess(
      ask("--strategy", "uniform(keep=15) + pyramiddrop(blocks=1)", "--keep", "9", "--json")
    ).json()
    #expect(report["strategy"] as? String == "uniform(keep=15) + pyramiddrop(blocks=1, budget=average)")
    // λ of 15 rows with (1 + 2λ)·15 / 3 = 9 is 0.4, and int(15·0.4) = 6.
    #expect((report["tokens"] as? [String: Any])?["kept_per_block"] as? [Int] == [15, 6, 6])
  }

  @Test
  func `budgets, blocks and joins that cannot work are usage errors`() throws {
    func refuse(_ spec: String, _ keep: String, naming parts: String...) throws {
      for part in parts { try expectFailure(ask("--strategy", spec, "--keep", keep), exitCode: 2, naming: part) }
    }
    try refuse("fastv(layer=1)", "8", naming: "cannot keep 8 on average", "keep 9 tokens or more")
    try refuse("sparsevlm", "50%", naming: "before block 3", "3 blocks")
    try refuse("fastv(layer=1) + hiprune(keep=9)", "9", naming: "cannot be joined")
    try refuse("hiprune(keep=5) + fastv(layer=1)", "9", naming: "sends 5 visual tokens")
    try refuse("fastv(layers=1)", "9", naming: "its options are layer, budget")
  }

  @Test
  func `inspect writes what is kept and merged before each block`() throws {
    let scratch = try Scratch()
    let path = scratch.path("out.safetensors")
    try expectSuccess(
      Command(
        "inspect", square, "--model", Fixtures.model("tiny-grouped").path, "-q", "Is the ring red?",
        "--max-new-tokens", "2", "--tensors", path, "--strategy", "sparsevlm(blocks=0/1/2)", "--keep", "50%"))
    let file = try TensorFile(path: path)
    for block in ["01", "02", "03"] {
      let kept = try file.integers("plan.kept.\(block)")
      let merged = try file.integers("plan.merged.\(block)")
      #expect(Set(kept).count == kept.count && !kept.isEmpty)
      #expect(file.entries["plan.merged.\(block)"]?.shape == [merged.count / 2, 2])
    }
    let rows = (0..<4).compactMap { file.entries["decoder.block.0\($0)"]?.shape[0] }
    #expect(rows.count == 4 && zip(rows, rows.dropFirst()).allSatisfy(>))
  }

  @Test
  func `select has no decoder`() throws {
    let scratch = try Scratch()
    let path = scratch.path("evidence.safetensors")
    try expectSuccess(
      Command(
        "inspect", square, "--model", classic, "-q", "What?", "--max-new-tokens", "1", "--evidence", path))
    try expectFailure(
      Command("select", path, "--strategy", "fastv", "--keep", "9"), exitCode: 2, naming: "inside the decoder")
  }
}
