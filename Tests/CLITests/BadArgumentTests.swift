import Foundation
import TestSupport
import Testing

@Suite struct `Requests that cannot be served are usage errors` {
  @Test(arguments: [
    "0", "-1", "26", "577", "101%", "120%", "0%", "-5%", "nan", "inf", "", "1.5", "0.0", "abc", "1e3", "٣", "%",
  ])
  func `an impossible budget is a usage error`(keep: String) throws {
    try expectFailure(ask("--keep", keep, "--strategy", "random"), exitCode: 2, naming: keep)
    try expectFailure(ask("--keep", keep), exitCode: 2, naming: "budget")
  }

  @Test
  func `none cannot keep less than everything`() throws {
    try expectFailure(ask("--strategy", "none", "--keep", "9"), exitCode: 2, naming: "none")
    try expectFailure(ask("--strategy", "none", "--keep", "0.5"), exitCode: 2, naming: "none")
  }

  @Test(arguments: [
    ("hiprun", "there is no strategy"), ("", "not a strategy"), ("hiprune(", "not a strategy"),
    ("hiprune(alpha=0.1", "not a strategy"), ("hiprune(beta=1)", "its options are alpha"),
    ("hiprune(alpha=2)", "from 0 to 1"), ("hiprune(alpha=nan)", "a number"), ("hiprune(alpha=)", "option=value"),
    ("hiprune(alpha=0.1, alpha=0.2)", "given twice"), ("fastervlm(layer=5)", "0…4"), ("fastervlm(layer=-6)", "-1…-5"),
    ("fastervlm(layer=99999999999999999999)", "block"), ("vtc-cls(start=9)", "0…4"), ("hiprune(object=12)", "0…4"),
    ("fopru(policy=column)", "rank or row"), ("random(seed=1)", "takes no options"),
    ("hiprune(object=2, deep=-2))", "not a strategy"),
  ])
  func `strategies and options`(spec: String, fragment: String) throws {
    for keep in ["9", "all"] {
      try expectFailure(ask("--strategy", spec, "--keep", keep), exitCode: 2, naming: fragment)
    }
  }

  @Test
  func `an empty question, in every spelling`() throws {
    let scratch = try Scratch()
    let empty = try scratch.write("", as: "empty")
    let blank = try scratch.write(" \n\t\n", as: "blank")
    for question in ["", "  ", "\n\t ", "\u{3000}"] {
      for command in ["ask", "inspect"] {
        try expectFailure(Command(command, square, "--model", classic, "-q", question), exitCode: 2, naming: "empty")
      }
    }
    for file in [empty, blank] {
      try expectFailure(Command("ask", square, "--model", classic, "--prompt-file", file), exitCode: 2, naming: "empty")
    }
    try expectFailure(
      Command("ask", square, "--model", classic, "--prompt-file", scratch.path("no")), naming: "no such file")
    try scratch.write([0xff, 0xfe, 0x41], as: "binary")
    try expectFailure(
      Command("ask", square, "--model", classic, "--prompt-file", scratch.path("binary")), naming: "UTF-8")
  }

  @Test
  func `no question, and no terminal to hold a conversation on`() throws {
    try expectFailure(Command("ask", square, "--model", classic), exitCode: 2, naming: "no question", "-q")
    try expectFailure(Command("ask", "-q", "What?"), exitCode: 2, naming: "image", "vlmprune ask --help")
  }

  @Test(arguments: [
    ("--threads", "0"), ("--threads", "-1"), ("--threads", "abc"), ("--threads", ""), ("--threads", "99999999"),
    ("--max-new-tokens", "0"), ("--max-new-tokens", "-3"), ("--temperature", "-1"), ("--temperature", "nan"),
    ("--temperature", "inf"), ("--top-p", "0"), ("--top-p", "1.01"), ("--top-p", "-1"), ("--seed", "-1"),
    ("--seed", "18446744073709551616"), ("--positions", "none"), ("--precision", "f64"), ("--backend", "mkl"),
    ("--threads", "5000"),
  ])
  func `numbers out of range`(option: String, value: String) throws {
    try expectFailure(ask(option, value), exitCode: 2, naming: String(option.dropFirst(2)))
  }

  @Test
  func `what nobody knows: flags, commands, options without a value`() throws {
    try expectFailure(ask("--colour"), exitCode: 2, naming: "--colour", "vlmprune ask --help")
    try expectFailure(Command("frobnicate"), exitCode: 2, naming: "frobnicate", "select", "vlmprune --help")
    try expectFailure(Command("--frobnicate"), exitCode: 2, naming: "--frobnicate")
    try expectFailure(Command("ask", square, "-q"), exitCode: 2, naming: "vlmprune ask --help")
    try expectFailure(Command("strategies", "more"), exitCode: 2, naming: "more")
    try expectFailure(Command("select"), exitCode: 2, naming: "file")
    try expectFailure(Command("ask", "-", "-", "-q", "What?"), exitCode: 2, naming: "stdin")
    try expectFailure(Command("ask", "-", "--prompt-file", "-"), exitCode: 2, naming: "stdin")
    try expectFailure(ask("--prompt-file", square), exitCode: 2, naming: "--prompt-file")
    try expectFailure(ask("--raw-prompt", "--system", "Be brief."), exitCode: 2, naming: "--raw-prompt")
  }

  @Test
  func `models that are not there`() throws {
    let scratch = try Scratch()
    try expectFailure(
      ask(model: "llava-hf/llava-1.5-7b-hf"), naming: "hint: download it: hf download llava-hf/llava-1.5-7b-hf")
    for name in ["nothing", "", "../x/..", "a/b/c", "/nowhere", "x/.."] {
      try expectFailure(ask(model: name), naming: "no model")
    }
    try expectFailure(ask(model: square), naming: "is a file")
    try expectFailure(ask(model: scratch.folder), naming: "config.json")
    var command = ask(model: "llava-hf/llava-1.5-7b-hf")
    command.environment["HF_HUB_CACHE"] = scratch.folder
    try expectFailure(command, naming: "hf download")
  }

  @Test
  func `a name in the local Hugging Face cache is found, wherever the variables put it`() throws {
    let scratch = try Scratch()
    let repository = scratch.path("hub/models--tiny--classic")
    try FileManager.default.createDirectory(atPath: "\(repository)/refs", withIntermediateDirectories: true)
    try FileManager.default.createDirectory(atPath: "\(repository)/snapshots", withIntermediateDirectories: true)
    try scratch.write("abc123\n", as: "hub/models--tiny--classic/refs/main")
    try FileManager.default.createSymbolicLink(
      atPath: "\(repository)/snapshots/abc123", withDestinationPath: classic)
    for environment in [["HF_HOME": scratch.folder], ["HF_HUB_CACHE": scratch.path("hub")]] {
      var command = ask("--json", model: "tiny/classic")
      command.environment = environment
      #expect(try expectSuccess(command).json()["model"] as? String == "tiny/classic")
      var doctor = Command("doctor", "--json")
      doctor.environment = environment.merging(["VLMPRUNE_HOME": classic]) { $1 }
      #expect(try expectSuccess(doctor).json()["cached_models"] as? [String] == ["tiny/classic"])
    }
  }
}
