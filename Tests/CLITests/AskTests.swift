import Foundation
import TestSupport
import Testing

@Suite struct `ask answers` {
  @Test
  func `the streamed text is the JSON answer, and the line after it says what was kept`() throws {
    let plain = try expectSuccess(ask("--strategy", "hiprune", "--keep", "9"))
    let json = try expectSuccess(ask("--strategy", "hiprune", "--keep", "9", "--json"))
    let answer = try #require(try json.json()["answer"] as? String)
    #expect(plain.text == answer + "\n")
    #expect(json.errors.isEmpty)
    #expect(plain.errorLines.count == 1)
    let line = #/kept 9 of 25 visual tokens \(36\.0%\) · encode \d+\.\d\d s · prune \d+\.\d ms · /#
    let rest = #/prefill \d+\.\d\d s · \d+ tokens at \d+\/s/#
    #expect(plain.errors.contains(line) && plain.errors.contains(rest), "\(plain.errors)")
    #expect(plain.errors.contains(" · hiprune("), "\(plain.errors)")
  }

  @Test
  func `--json has the contract's fields and nothing else`() throws {
    let outcome = try expectSuccess(ask("--strategy", "hiprune", "--keep", "36%", "--seed", "3", "--json", image: wide))
    let report = try expectKeys(
      outcome.json(),
      Set([
        "answer", "finish_reason", "model", "family", "precision", "strategy", "seed", "tokens", "images",
        "timings_ms", "peak_bytes",
      ]).union(EnvelopeKeys.run))
    #expect(report["answer"] is String)
    #expect(["stop", "length"].contains(report["finish_reason"] as? String))
    #expect(report["model"] as? String == classic)
    #expect(report["family"] as? String == "llava" && report["precision"] as? String == "f32")
    let strategy = "hiprune(alpha=0.1, object=1, deep=-2, neighbours=wrapped, registers=distinct)"
    #expect(report["strategy"] as? String == strategy)
    #expect(report["seed"] as? Int == 3)
    let tokens = try expectKeys(report["tokens"], ["visual", "kept", "keep_ratio", "prompt", "generated"])
    #expect(tokens["visual"] as? Int == 25 && tokens["kept"] as? Int == 9)
    #expect(tokens["keep_ratio"] as? Double == 9.0 / 25)
    let generated = try #require(tokens["generated"] as? Int)
    #expect((1...8).contains(generated))
    let image = try expectKeys((report["images"] as? [Any])?.first, ["file", "size", "views"])
    #expect(image["file"] as? String == wide)
    let view = try expectKeys((image["views"] as? [Any])?.first, ["grid", "kept"])
    #expect(view["grid"] as? [Int] == [5, 5])
    let kept = try #require(view["kept"] as? [Int])
    #expect(kept.count == 9 && kept == kept.sorted() && Set(kept).isSubset(of: 0..<25))
    let stages: Set = ["load", "preprocess", "encode", "prune", "project", "prefill", "decode", "total"]
    let timings = try expectKeys(report["timings_ms"], stages)
    #expect(timings.values.allSatisfy { ($0 as? Double).map { $0 >= 0 } ?? false })
    #expect(try #require(report["peak_bytes"] as? Int) > 1_000_000)
  }

  @Test
  func `no strategy, none and 100% keep everything; a smaller budget alone means hiprune`() throws {
    let dense = try answer([])
    #expect(dense.strategy == "none" && dense.kept == Array(0..<25))
    for same in [
      ["--keep", "all"], ["--keep", "100%"], ["--keep", "25"], ["--keep", "1.0"], ["--strategy", "none"],
    ] {
      #expect(try answer(same).text == dense.text, "\(same)")
    }
    let bypassed = try answer(["--strategy", "hiprune", "--keep", "100%"])
    #expect(bypassed.text == dense.text && bypassed.kept == dense.kept)
    #expect(try answer(["--keep", "9"]).strategy.hasPrefix("hiprune("))
  }

  @Test(arguments: ["9", "36%", "0.36", "36.0%"])
  func `a budget is a count, a percentage or a ratio`(keep: String) throws {
    #expect(try answer(["--keep", keep]).kept == answer(["--keep", "9"]).kept)
  }

  @Test
  func `one and two threads give the same answer, and so does the same seed`() throws {
    for settings in [["--keep", "9"], ["--temperature", "0.9", "--top-p", "0.8", "--seed", "11"]] {
      let one = try answer(settings + ["--threads", "1"])
      #expect(try one == answer(settings + ["--threads", "2"]))
      #expect(try one == answer(settings))
    }
    let texts = try Set((0..<6).map { try answer(["--temperature", "2", "--seed", "\($0)"]).text })
    #expect(texts.count > 1, "six seeds gave one answer")
    #expect(try answer(["--temperature", "2", "--top-p", "0.0001"]) == answer([]))
  }

  @Test
  func `positions follow the family or stay where they were`() throws {
    let keep = ["--strategy", "uniform", "--keep", "4"]
    let family = try answer(keep)
    #expect(try family == answer(keep + ["--positions", "family"]))
    let original = try answer(keep + ["--positions", "original"])
    #expect(original.kept == family.kept && original.text != family.text)
  }

  @Test
  func `--max-new-tokens ends the answer with length`() throws {
    var command = ask("--json")
    command.arguments += ["--max-new-tokens", "2"]
    let report = try expectSuccess(command).json()
    let tokens = try #require(report["tokens"] as? JSONObject)
    #expect(tokens["generated"] as? Int == 2 && report["finish_reason"] as? String == "length")
  }

  private struct Answer: Equatable {
    let text: String
    let strategy: String
    let kept: [Int]
  }

  private func answer(_ more: [String]) throws -> Answer {
    var command = ask("--json")
    command.arguments += more
    let report = try expectSuccess(command).json()
    let view = ((report["images"] as? [JSONObject])?.first?["views"] as? [JSONObject])?.first
    return Answer(
      text: try #require(report["answer"] as? String), strategy: try #require(report["strategy"] as? String),
      kept: try #require(view?["kept"] as? [Int]))
  }
}
