import Foundation
import TestSupport
import Testing

@Suite struct `The bundled model is found where it is installed` {
  /// The folder of the bundled model as `binary` finds it; nil where it finds none.
  private func bundledFolder(_ line: String, in scratch: Scratch, environment: [String: String] = [:]) throws -> String?
  {
    var command = Command("models", "--json")
    command.folder = scratch.folder
    command.environment = environment
    command.line = "\(line) \"$@\""
    return (try expectSuccess(command).json()["bundled"] as? JSONObject)?["folder"] as? String
  }

  @Test
  func `beside the executable, through a link, and never in the working directory`() throws {
    let scratch = try Scratch()
    for folder in ["bin", "share/vlmprune", "shapes-llava"] {
      try FileManager.default.createDirectory(atPath: scratch.path(folder), withIntermediateDirectories: true)
    }
    // Copied by another process: a child that another test starts meanwhile would hold our descriptor, and the file be
    // busy.
    var copy = Command([])
    copy.line = "cp \"$0\" \(scratch.path("bin/vlmprune"))"
    try expectSuccess(copy)
    try scratch.write("{}", as: "shapes-llava/config.json")
    let elsewhere = try bundledFolder("bin/vlmprune", in: scratch)
    #expect(elsewhere?.hasPrefix(scratch.folder) != true, "found in the working directory")
    let share = scratch.path("share/vlmprune/shapes-llava")
    try FileManager.default.createSymbolicLink(atPath: share, withDestinationPath: classic)
    #expect(try bundledFolder("bin/vlmprune", in: scratch) == share)
    try FileManager.default.createSymbolicLink(
      atPath: scratch.path("linked"), withDestinationPath: scratch.path("bin/vlmprune"))
    #expect(try bundledFolder("./linked", in: scratch) == share)
  }

  @Test
  func `VLMPRUNE_HOME comes first, as the model's folder or the one above it`() throws {
    let scratch = try Scratch()
    let models = Fixtures.url("models").path
    try FileManager.default.createSymbolicLink(atPath: scratch.path("shapes-llava"), withDestinationPath: classic)
    let above = try bundledFolder("\"$0\"", in: scratch, environment: ["VLMPRUNE_HOME": scratch.folder])
    #expect(above == scratch.path("shapes-llava"))
    let itself = try bundledFolder("\"$0\"", in: scratch, environment: ["VLMPRUNE_HOME": "\(models)/tiny-full"])
    #expect(itself == "\(models)/tiny-full")
    var command = Command("ask", square, "-q", "What?", "--max-new-tokens", "2", "--json")
    command.environment = ["VLMPRUNE_HOME": classic]
    #expect(try expectSuccess(command).json()["model"] as? String == "shapes-llava")
  }
}
