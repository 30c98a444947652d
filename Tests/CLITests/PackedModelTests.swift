import Foundation
import TestSupport
import Testing

@Suite struct `Number formats and packed models` {
  @Test(arguments: ["f32", "bf16", "int8"])
  func `every precision and library answers, and the JSON says which`(name: String) throws {
    for backEnd in ["native", "onednn", "openblas"] {
      let report = try expectSuccess(ask("--precision", name, "--backend", backEnd, "--no-model-cache", "--json"))
        .json()
      #expect(report["precision"] as? String == name)
    }
    #expect(try expectSuccess(ask("--json")).json()["precision"] as? String == "f32", "auto on a small model")
  }

  @Test
  func `packs once, tells where, and later runs use it`() throws {
    let scratch = try Scratch()
    let cache = scratch.path("cache")
    let pack = Command("pack", "--model", classic, "--precision", "int8", "--model-cache", cache, "--json")
    let report = try expectSuccess(pack).json()
    let file = try #require(report["file"] as? String)
    #expect(file.hasPrefix(cache) && report["precision"] as? String == "int8")
    let attributes = try FileManager.default.attributesOfItem(atPath: file)
    #expect(report["bytes"] as? Int == attributes[.size] as? Int)
    let answers = try [["--model-cache", cache], ["--no-model-cache"]].map { options in
      try expectSuccess(Command(ask("--precision", "int8", "--json").arguments + options)).json()["answer"] as? String
    }
    #expect(answers[0] == answers[1] && answers[0] != nil)
    let again = try FileManager.default.attributesOfItem(atPath: file)
    #expect(again[.modificationDate] as? Date == attributes[.modificationDate] as? Date)
  }

  @Test
  func `the cache is under the home folder unless told otherwise, and not in the working directory`() throws {
    let scratch = try Scratch()
    var command = ask("--precision", "bf16")
    command.environment["XDG_CACHE_HOME"] = scratch.folder
    try expectSuccess(command)
    #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path("vlmprune")).count == 1)
  }

  @Test
  func `a damaged file is packed anew with a note; the answer is the same`() throws {
    let scratch = try Scratch()
    let run = ask("--precision", "int8", "--model-cache", scratch.path("cache"))
    let answer = try expectSuccess(run).text
    let name = try #require(try FileManager.default.contentsOfDirectory(atPath: scratch.path("cache")).first)
    let file = scratch.path("cache/\(name)")
    var bytes = try readFile(file)
    bytes[bytes.count / 3] ^= 1
    try writeFile(bytes, to: file)
    let outcome = try expectSuccess(run)
    #expect(outcome.text == answer && outcome.errors.contains("note: ") && outcome.errors.contains("packed anew"))
    let third = try expectSuccess(run)
    #expect(!third.errors.contains("note: "))
  }

  @Test
  func `a full disk stops the packing, not the answer`() throws {
    let scratch = try Scratch()
    // A limit on file sizes stands in for the disk; its signal is ignored, so that writing fails as on a full disk.
    var run = ask()
    run.line =
      "trap '' XFSZ; ulimit -f 8; exec \"$0\" "
      + ask("--precision", "int8", "--model-cache", scratch.path("cache")).arguments.map { "'\($0)'" }
      .joined(separator: " ")
    let outcome = try expectSuccess(run)
    #expect(outcome.errors.contains("note: packed weights are not kept"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path("cache")).isEmpty)
  }

  @Test
  func `pack says what it cannot do`() throws {
    let scratch = try Scratch()
    try expectFailure(Command("pack", "--model", classic, "--precision", "f32"), naming: "nothing to pack", "int8")
    try expectFailure(
      Command("pack", "--model", classic, "--precision", "int8", "--no-model-cache"), exitCode: 2, naming: "pack")
    try expectFailure(ask("--model-cache", scratch.folder, "--no-model-cache"), exitCode: 2, naming: "--no-model-cache")
    try expectFailure(ask("--model-cache", ""), exitCode: 2, naming: "--model-cache")
  }

  @Test
  func `variables that set other libraries' threads are answered with a word`() throws {
    var command = ask("--threads", "2")
    command.environment["OMP_NUM_THREADS"] = "7"
    #expect(try expectSuccess(command).errors.contains("note: OMP_NUM_THREADS=7 has no effect: --threads decides (2)"))
    command.environment["OMP_PROC_BIND"] = "true"
    #expect(
      try expectSuccess(command).errors.contains("note: OMP_PROC_BIND=true binds all threads to one core: unset it"))
    command.environment["OMP_PROC_BIND"] = "false"
    #expect(!(try expectSuccess(command).errors.contains("PROC_BIND")))
    command.environment["OMP_NUM_THREADS"] = "2"
    let silent = try expectSuccess(command)
    #expect(!silent.errors.contains("note:"))
  }

  @Test(arguments: ["1", "3", "1000"])
  func `any sensible number of threads gives the same answer`(count: String) throws {
    let texts = try [count, "2"].map { try expectSuccess(ask("--threads", $0)).text }
    #expect(texts[0] == texts[1])
  }

  @Test
  func `bench reports every stage of every budget`() throws {
    let command = Command(
      "bench", "--model", classic, "--strategy", "fastervlm", "--keep", "all,9", "--rounds", "2", "--text-tokens", "12",
      "--max-new-tokens", "3", "--json")
    let report = try expectSuccess(command).json()
    #expect(report["precision"] as? String == "f32" && report["backend"] as? String == "native")
    #expect(report["threads"] as? Int != nil && report["cpu"] as? String != nil)
    let rows = try #require(report["rows"] as? [[String: Any]])
    #expect(rows.map { $0["keep"] as? String } == ["all", "9"] && rows.map { $0["kept"] as? Int } == [25, 9])
    #expect(rows.map { $0["prompt_tokens"] as? Int } == [37, 21])
    for name in [
      "encode_ms", "prune_ms", "project_ms", "prefill_ms", "ttft_ms", "decode_ms_per_token", "encode_flops",
      "prefill_flops",
    ] {
      #expect(rows.allSatisfy { ($0[name] as? Double ?? -1) > 0 }, "\(name)")
    }
    #expect(rows.allSatisfy { ($0["peak_bytes"] as? Int ?? 0) > 1_000_000 })
    try expectFailure(Command("bench", "--model", classic, "--rounds", "0"), exitCode: 2, naming: "--rounds")
  }
}
