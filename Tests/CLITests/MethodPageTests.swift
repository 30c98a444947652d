import Foundation
import TestSupport
import Testing

@Suite struct `strategies NAME and docs/methods` {
  private static let folder = Fixtures.root.appending(path: "docs/methods").path

  @Test func `docs/methods is what the code declares`() throws {
    let scratch = try Scratch()
    try expectSuccess(Command("strategies", "--pages", scratch.path("pages")))
    let written = try FileManager.default.contentsOfDirectory(atPath: scratch.path("pages")).sorted()
    let committed = try FileManager.default.contentsOfDirectory(atPath: Self.folder).sorted()
    #expect(written == committed, "run make methods-docs, and remove what is not listed")
    for name in written {
      let page = try scratch.bytes("pages/\(name)")
      #expect(page == FileManager.default.contents(atPath: "\(Self.folder)/\(name)").map { Array($0) }, 
        "docs/methods/\(name) is out of date: run make methods-docs")
    }
  }

  @Test func `every strategy says where it was published, where it prunes and what it reads`() throws {
    let list = try expectSuccess(Command("strategies", "--json")).json()
    let rows = try #require(list["strategies"] as? [[String: Any]])
    for name in rows.compactMap({ $0["name"] as? String }) {
      let report = try expectSuccess(Command("strategies", name, "--json")).json()
      let row = try #require((report["strategies"] as? [[String: Any]])?.first)
      let isBaseline = ["none", "random", "uniform", "downsample"].contains(name)
      #expect((row["paper"] == nil) == isBaseline, "\(name)")
      let reads = try #require(row["reads"] as? [[String: Any]])
      let quantities = reads.flatMap { $0["quantities"] as? [String] ?? [] }
      #expect(quantities.isEmpty == isBaseline, "\(name)")
      #expect(row["place"] is String && row["options"] is [Any] && row["finds_own_budget"] is Bool)
    }
  }

  @Test func `one strategy in words`() throws {
    let text = try expectSuccess(Command("strategies", "hiprune")).text
    for part in [
      "arXiv 2508.00553", "between tower and decoder", "attention received in block 8", "alpha", "0.1",
      "from 0 to 1", "neighbours: wrapped is what the authors' code does, grid corrects it",
    ] { #expect(text.contains(part), "\(part) in \(text)") }
    let refused = try expectSuccess(Command("strategies", "fastervlm")).text
    #expect(refused.contains("not on qwen2_vl, qwen2_5_vl, qwen3_vl: reads the class token's attention"))
    #expect(try expectSuccess(Command("strategies", "fopru", "--markdown")).output
      == FileManager.default.contents(atPath: "\(Self.folder)/fopru.md").map { Array($0) })
  }

  @Test func `what cannot be shown is refused`() throws {
    try expectFailure(Command("strategies", "fastervml"), exitCode: 2, naming: "fastervlm")
    try expectFailure(Command("strategies", "hiprune", "--matrix"), exitCode: 2, naming: "--matrix")
    try expectFailure(Command("strategies", "hiprune", "--pages", "docs"), exitCode: 2, naming: "--pages")
    try expectFailure(Command("strategies", "--pages", "/proc/none/pages"), exitCode: 1, naming: "/proc/none/pages")
  }
}
