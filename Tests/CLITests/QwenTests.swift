import Foundation
import TestSupport
import Testing

@Suite struct `The command line on models of the Qwen families` {
  static let models = ["tiny-qwen2-vl-a", "tiny-qwen2_5-vl-a", "tiny-qwen3-vl-b"]
  private static let folder = Fixtures.url("videos/tiny").path
  private static let scene = Fixtures.image("scene.png").path

  private func command(_ verb: String, _ picture: String, _ model: String, _ more: String...) -> Command {
    Command(
      [verb, picture, "--model", Fixtures.model(model).path, "-q", "What is it?", "--max-new-tokens", "2"] + more)
  }

  /// Expects a usage error. What the checkpoint's generation_config.json asks for is noted before it.
  private func refuse(_ command: Command, naming fragments: String..., location: SourceLocation = #_sourceLocation)
    throws
  {
    let outcome = try command.run()
    #expect(outcome.exitCode == 2 && outcome.output.isEmpty, "\(outcome.errors)", sourceLocation: location)
    for fragment in ["error", "hint"] + fragments {
      #expect(outcome.errors.contains(fragment), "\(outcome.errors)", sourceLocation: location)
    }
  }

  private func views(_ report: JSONObject) throws -> [(grid: [Int], kept: [Int])] {
    let image = try #require((report["images"] as? [JSONObject])?.first)
    return try #require(image["views"] as? [JSONObject]).map { view in
      (try #require(view["grid"] as? [Int]), try #require(view["kept"] as? [Int]))
    }
  }

  @Test(arguments: models)
  func `ask tells the grid and the kept tokens, and draws them`(_ model: String) throws {
    let scratch = try Scratch()
    for keep in ["33.4%", "22.3%", "11.2%"] {
      let overlay = scratch.path("\(keep).png")
      let report = try expectSuccess(
        command("ask", Self.scene, model, "--strategy", "hiprune", "--keep", keep, "--overlay", overlay, "--json")
      ).json()
      let view = try #require(try views(report).first)
      let tokens = try #require(report["tokens"] as? JSONObject)
      #expect(tokens["visual"] as? Int == view.grid[0] * view.grid[1] && tokens["kept"] as? Int == view.kept.count)
      #expect(view.kept == view.kept.sorted() && view.kept.allSatisfy { $0 < view.grid[0] * view.grid[1] })
      #expect((report["strategy"] as? String)?.contains("registers=released") == true)
      #expect(try scratch.bytes("\(keep).png").count > 100)
    }
  }

  @Test func `pixelprune finds its own number, draws it and times it, where the tower allows it`() throws {
    let scratch = try Scratch()
    let (model, page) = ("tiny-qwen2_5-vl-b", Fixtures.image("tiny-page.png").path)
    let overlay = scratch.path("page.png")
    let ask = command("ask", page, model, "--strategy", "pixelprune", "--overlay", overlay, "--json")
    let report = try expectSuccess(ask).json()
    #expect(report["strategy"] as? String == "pixelprune(threshold=auto, metric=max)")
    #expect((report["tokens"] as? JSONObject)?["kept"] as? Int == 43)
    #expect(try views(report).first?.kept.count == 43 && scratch.bytes("page.png").count > 100)
    let whole = try expectSuccess(command("ask", page, model, "--strategy", "pixelprune", "--keep", "all", "--json"))
      .json()
    #expect((whole["tokens"] as? JSONObject)?["kept"] as? Int == 56)

    let bench = try expectSuccess(
      Command(
        "bench", "--model", Fixtures.model(model).path, "--image", page, "--strategy", "pixelprune", "--keep",
        "all,adaptive,12", "--rounds", "1", "--max-new-tokens", "1", "--json")
    ).json()
    let rows = try #require(bench["rows"] as? [JSONObject])
    let kept = rows.compactMap { $0["kept"] as? Int }
    let operations = rows.compactMap { $0["encode_flops"] as? Double }
    #expect(kept.count == 3 && kept[0] == 56 && kept[1] == 43 && (1...12).contains(kept[2]))
    #expect(operations.count == 3 && operations[0] > operations[1] && operations[1] > operations[2])

    for option in ["--evidence", "--heatmap"] {
      try refuse(
        command("inspect", page, model, "--strategy", "pixelprune", option, scratch.path("out")),
        naming: "pixelprune", option)
    }
    try expectFailure(
      Command("ask", page, "--model", classic, "-q", "What?", "--strategy", "pixelprune"), exitCode: 2,
      naming: "encodes whole views", "hiprune")
  }

  @Test(arguments: models, ["hiprune", "fopru", "hiprune(registers=distinct)", "fopru(policy=row)", "uniform"])
  func `evidence that inspect writes decides as the answer did`(_ model: String, strategy: String) throws {
    let scratch = try Scratch()
    // A video's views have a single row there, and half of it is none.
    let hasRows = !(model == "tiny-qwen3-vl-b" && strategy.contains("row"))
    for picture in [Self.scene, Self.folder] where hasRows || picture == Self.scene {
      let file = scratch.path("evidence.safetensors")
      let choice = ["--strategy", strategy, "--keep", "50%"]
      var inspect = command("inspect", picture, model, "--evidence", file)
      inspect.arguments += choice
      try expectSuccess(inspect)
      let selected = try expectSuccess(Command(["select", file, "--json"] + choice)).json()
      // `ask` computes in Float32 for models so small, as `inspect` does.
      var ask = command("ask", picture, model, "--json")
      ask.arguments += choice
      let chosen = try #require(selected["views"] as? [JSONObject])
      #expect(
        chosen.map { ($0["kept"] as? [Int])?.sorted() } == (try views(try expectSuccess(ask).json())).map(\.kept),
        "\(strategy) of \(picture)")
    }
  }

  @Test func `a folder of frames has two a second unless --fps tells; a video file has times of its own`() throws {
    let model = "tiny-qwen2_5-vl-b"
    func seconds(_ command: Command) throws -> Double? {
      let report = try expectSuccess(command).json()
      return ((report["images"] as? [JSONObject])?.first)?["seconds_per_grid"] as? Double
    }
    #expect(try seconds(command("ask", Self.folder, model, "--json")) == 1)
    #expect(try seconds(command("ask", Self.folder, model, "--json", "--fps", "0.5")) == 4)
    #expect(try seconds(command("ask", Self.scene, model, "--json")) == nil)
    let scratch = try Scratch()
    let file = try scratch.write(Array("\0\0\0\u{18}ftypmp42 and so on".utf8), as: "clip.mp4")
    // Eight frames, 0.5 s apart.
    var video = command("ask", file, model, "--json")
    video.environment = [
      "PATH": "\(Fixtures.root.appending(path: "Tests/CLITests/StandIns").path):/usr/bin:/bin", "FRAMES": "8",
      "STEP": "50", "STATUS": "0", "FOLDER": Self.folder,
    ]
    #expect(try seconds(video) == 1)
    #expect(try views(try expectSuccess(video).json()).count == 4)
    video.arguments += ["--fps", "2"]
    try refuse(video, naming: "times of its own", "--fps")
    try refuse(command("ask", Self.scene, model, "--fps", "2"), naming: "no video")
    for rate in ["0", "-1", "nan", "x"] {
      try refuse(command("ask", Self.folder, model, "--fps", rate), naming: "fps")
    }
    try expectFailure(command("ask", Self.folder, "tiny-video", "--fps", "2"), exitCode: 2, naming: "reads 8 frames")
  }

  @Test func `--max-visual-tokens bounds a picture before it is encoded, where its size may change`() throws {
    for bound in [4, 9] {
      let report = try expectSuccess(
        command("ask", Self.scene, "tiny-qwen3-vl-a", "--json", "--max-visual-tokens", "\(bound)")
      ).json()
      let tokens = try #require(report["tokens"] as? JSONObject)
      #expect(try #require(tokens["visual"] as? Int) <= bound)
    }
    try expectFailure(
      command("ask", Self.scene, "tiny-classic", "--max-visual-tokens", "9"), exitCode: 2, naming: "one size", "--keep")
    try refuse(
      command("ask", Self.folder, "tiny-qwen2-vl-a", "--max-visual-tokens", "3"), naming: "pairs of frames"
    )
    try refuse(
      command("ask", Self.scene, "tiny-qwen2-vl-a", "--max-visual-tokens", "0"), naming: "--max-visual-tokens is 0")
    try refuse(command("ask", Self.scene, "tiny-qwen2-vl-a", "--grid", "2x2"), naming: "do not cut pictures")
  }

  @Test func `a strategy that reads a class token is refused, naming those that work`() throws {
    try refuse(
      command("ask", Self.scene, "tiny-qwen2_5-vl-a", "--strategy", "fastervlm", "--keep", "50%"),
      naming: "no class token", "hiprune, hiprune++, fopru")
  }

  @Test func `inspect shows patches, positions and one picture a block`() throws {
    let scratch = try Scratch()
    let report = try expectSuccess(
      command(
        "inspect", Self.scene, "tiny-qwen3-vl-a", "--json", "--heatmap", scratch.path("maps"), "--tensors",
        scratch.path("out.safetensors"))
    ).json()
    let shapes = Dictionary(
      try #require(report["tensors"] as? [JSONObject]).compactMap { tensor in
        (tensor["name"] as? String).flatMap { name in (tensor["shape"] as? [Int]).map { (name, $0) } }
      }
    ) { first, _ in first }
    let patches = try #require(shapes["pixel_values"])
    #expect(patches.count == 2 && patches[1] == 3 * 2 * 16 * 16)
    #expect(shapes["prompt.position_ids"]?.first == 3 && shapes["vision.block.04"] == [1, patches[0], 24])
    #expect(try scratch.names().contains("maps"))
  }

  @Test func `doctor notes what a checkpoint asks for and is not done`() throws {
    var command = Command("doctor", "--json", "--model", Fixtures.model("tiny-qwen2_5-vl-a").path)
    // In the bundled model's place.
    command.environment["VLMPRUNE_HOME"] = classic
    let report = try expectSuccess(command).json()
    let model = try #require(report["model"] as? JSONObject)
    #expect(model["family"] as? String == "qwen2_5_vl" && model["template"] as? String == "qwen")
    let notes = try #require(model["notes"] as? [String])
    #expect(notes.contains { $0.contains("repetition_penalty 1.05") })
  }
}
