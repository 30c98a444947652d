import Foundation
import TestSupport
import Testing

@Suite struct `ask about a video` {
  private let model = Fixtures.model("tiny-video").path
  private let folder = Fixtures.url("videos/tiny").path

  private func askVideo(_ images: [String], _ more: String...) -> Command {
    Command(
      ["ask"] + images + ["--model", model, "-q", "Where does the disc go?", "--max-new-tokens", "4", "--json"] + more)
  }

  private func frame(_ number: Int) -> String { "\(folder)/frame\(number).png" }

  private func answer(_ outcome: Outcome) throws -> (text: String?, views: [[String: Any]], kept: Int?) {
    let report = try outcome.json()
    let images = report["images"] as? [[String: Any]]
    let tokens = report["tokens"] as? [String: Any]
    return (report["answer"] as? String, images?.first?["views"] as? [[String: Any]] ?? [], tokens?["kept"] as? Int)
  }

  @Test
  func `a folder is eight frames in order of their numbers, and so are its files with --video`() throws {
    let fromFolder = try answer(try expectSuccess(askVideo([folder], "--strategy", "fastervlm", "--keep", "25%")))
    let files = (1...11).map(frame)
    let fromFiles = try answer(
      try expectSuccess(askVideo(files, "--video", "--strategy", "fastervlm", "--keep", "25%")))
    #expect(fromFolder.views.count == 8 && fromFolder.kept == 32)
    #expect(fromFolder.views.allSatisfy { ($0["kept"] as? [Int])?.count == 4 && $0["grid"] as? [Int] == [4, 4] })
    #expect(fromFolder.text == fromFiles.text && fromFolder.views.count == fromFiles.views.count)
    let shuffled = try answer(
      try expectSuccess(askVideo(files.reversed(), "--video", "--strategy", "fastervlm", "--keep", "25%")))
    let kept = fromFolder.views.map { $0["kept"] as? [Int] }
    #expect(shuffled.views.map { $0["kept"] as? [Int] } != kept)
  }

  @Test(arguments: [("20", "20 of 128", "16"), ("33%", "42.2 of 128", "40"), ("16", nil, ""), ("25%", nil, "")])
  func `a budget that the frames round says what became of it`(keep: String, asked: String?, kept: String) throws {
    var command = askVideo([folder], "--strategy", "fastervlm", "--keep", keep)
    command.arguments.removeAll { $0 == "--json" }
    let errors = try expectSuccess(command).errors
    guard let asked else {
      #expect(!errors.contains("rounds for each"))
      return
    }
    #expect(errors.contains("note: --keep \(keep) asks for \(asked) visual tokens"))
    #expect(errors.contains("rounds for each of 8 views, which makes \(kept)"))
  }

  @Test
  func `files without --video are images, and fewer than eight frames are repeated`() throws {
    let report = try expectSuccess(askVideo([frame(1), frame(2)], "--keep", "8", "--strategy", "uniform")).json()
    #expect((report["images"] as? [Any])?.count == 2)
    for files in [[frame(1), frame(2), frame(3)], [frame(4)]] {
      let short = try answer(try expectSuccess(askVideo(files, "--video", "--keep", "16", "--strategy", "uniform")))
      #expect(short.views.count == 8 && short.kept == 16)
    }
  }

  @Test
  func `a frame of a foreign format is an error, not left out`() throws {
    let scratch = try Scratch()
    for number in 1...8 { try scratch.write(try readFile(frame(number)), as: "\(number).png") }
    try scratch.write("RIFF....WEBPVP8 ", as: "4b.webp")
    try expectFailure(askVideo([scratch.folder]), naming: "4b.webp is a picture of a format that is not read here")
  }

  @Test
  func `a broken frame, an empty folder and a mixture of both kinds are errors`() throws {
    let scratch = try Scratch()
    try expectFailure(askVideo([scratch.folder]), naming: "it is a folder without frames")
    for number in 1...8 { try scratch.write(try readFile(frame(number)), as: "\(number).png") }
    try scratch.write(try readFile(frame(3)).prefix(300), as: "3.png")
    try scratch.write("not a frame", as: "notes.txt")
    try expectFailure(askVideo([scratch.folder]), naming: "3.png")
    try expectFailure(askVideo([folder, frame(1)], "--video"), exitCode: 2, naming: "is a folder")
    var other = askVideo([folder])
    other.arguments[3] = classic
    try expectFailure(other, naming: "\(folder) is a video", "do not read videos")
    try expectFailure(askVideo([frame(1)], "--grid", "2x2"), exitCode: 2, naming: "do not cut pictures")
  }

  @Test
  func `a video file without ffmpeg says what to install`() throws {
    let scratch = try Scratch()
    let file = try scratch.write(Array("\0\0\0\u{18}ftypmp42 and so on".utf8), as: "clip.mp4")
    var command = askVideo([file])
    command.environment["PATH"] = scratch.folder
    try expectFailure(command, naming: "ffmpeg", "install ffmpeg")
  }

  @Test
  func `a video file's frames come from ffmpeg`() throws {
    let scratch = try Scratch()
    let file = try scratch.write(Array("\0\0\0\u{18}ftypmp42 and so on".utf8), as: "clip.mp4")
    let standIns = Fixtures.root.appending(path: "Tests/CLITests/StandIns").path
    func command(frames: Int = 11, written: Int = 11, status: Int = 0) -> Command {
      var command = askVideo([file], "--strategy", "hiprune", "--keep", "50%")
      command.environment = [
        "PATH": "\(standIns):/usr/bin:/bin", "FRAMES": "\(frames)", "WRITTEN": "\(written)", "STATUS": "\(status)",
        "FOLDER": folder,
      ]
      return command
    }
    let fromFile = try answer(try expectSuccess(command()))
    let fromFolder = try answer(try expectSuccess(askVideo([folder], "--strategy", "hiprune", "--keep", "50%")))
    #expect(fromFile.text == fromFolder.text && fromFile.views.count == 8)
    #expect(fromFile.views.map { $0["kept"] as? [Int] } == fromFolder.views.map { $0["kept"] as? [Int] })
    try expectFailure(command(frames: 0), naming: "no frames")
    try expectFailure(command(written: 3), naming: "3 of 8 frames")
    try expectFailure(command(status: 1), naming: "cannot decode it", "plays")
  }

  @Test
  func `an overlay shows every frame`() throws {
    let scratch = try Scratch()
    try expectSuccess(askVideo([folder], "--keep", "40", "--overlay", scratch.path("kept.png")))
    #expect(try scratch.names() == ["kept.png"])
    let bytes = try scratch.bytes("kept.png")
    // 52×36 is enlarged 13 times; four frames side by side, two rows.
    #expect(
      bytes[16..<24].map { Int($0) } == [0, 0, (4 * 676) >> 8, (4 * 676) & 255, 0, 0, (2 * 468) >> 8, (2 * 468) & 255])
  }
}

@Suite struct `ask at high resolution` {
  private let model = Fixtures.model("tiny-next-vicuna").path

  private func report(_ picture: String, _ more: String...) throws -> JSONObject {
    try expectSuccess(
      Command(
        ["ask", Fixtures.image(picture).path, "--model", model, "-q", "What?", "--max-new-tokens", "2", "--json"] + more
      )
    ).json()
  }

  @Test(arguments: ["globalcom2", "hiprune", "fopru(policy=row)"])
  func `the JSON has every view, and its numbers add up`(strategy: String) throws {
    for (picture, views) in [("tiny-wide.png", 5), ("tiny-panorama.png", 4), ("tiny-thread.png", 3)] {
      let report = try report(picture, "--strategy", strategy, "--keep", "50%")
      let image = try #require((report["images"] as? [JSONObject])?.first)
      let kept = try #require(image["views"] as? [JSONObject]).compactMap { $0["kept"] as? [Int] }
      let tokens = try #require(report["tokens"] as? JSONObject)
      #expect(kept.count == views && kept.allSatisfy { $0 == $0.sorted() && Set($0).isSubset(of: 0..<16) })
      #expect(tokens["visual"] as? Int == 16 * views)
      #expect(tokens["kept"] as? Int == kept.reduce(0) { $0 + $1.count })
    }
  }

  @Test
  func `--grid fixes the crops, --packing leaves padding out`() throws {
    let fixed = try report("tiny-panorama.png", "--grid", "2x2", "--keep", "20", "--strategy", "uniform")
    let image = try #require((fixed["images"] as? [JSONObject])?.first)
    #expect((image["views"] as? [Any])?.count == 5)
    let spatial = try #require(fixed["tokens"] as? JSONObject)
    let packed = try report(
      "tiny-panorama.png", "--grid", "2x2", "--keep", "20", "--strategy", "uniform", "--packing", "unpadded")
    let unpadded = try #require(packed["tokens"] as? JSONObject)
    #expect(spatial["kept"] as? Int == 20)
    #expect(try #require(unpadded["kept"] as? Int) < 20)
    let many = try report("tiny-wide.png", "--grid", "4x4", "--keep", "200", "--strategy", "uniform")
    #expect((many["tokens"] as? JSONObject)?["visual"] as? Int == 17 * 16)
    for grid in ["2", "0x2", "2x2x2", "17x17", "two"] {
      try expectFailure(ask("--grid", grid, model: model), exitCode: 2, naming: "--grid \(grid)")
    }
  }

  @Test
  func `an overlay shows the thumbnail beside the crops`() throws {
    let scratch = try Scratch()
    _ = try report("tiny-exact.png", "--keep", "50%", "--overlay", scratch.path("kept.png"))
    // 56×56, enlarged 12 times, twice side by side.
    let bytes = try scratch.bytes("kept.png")
    #expect(bytes[16..<24].map { Int($0) } == [0, 0, 1344 >> 8, 1344 & 255, 0, 0, 672 >> 8, 672 & 255])
  }

  @Test(arguments: ["globalcom2", "fastervlm"])
  func `evidence that was written decides as the answer did`(strategy: String) throws {
    let scratch = try Scratch()
    let pictures =
      [(model, Fixtures.image("tiny-tall.png").path)]
      + [(Fixtures.model("tiny-video").path, Fixtures.url("videos/tiny").path)]
    for (model, picture) in pictures {
      let file = scratch.path("evidence.safetensors")
      let tensors = scratch.path("out.safetensors")
      try expectSuccess(
        Command(
          "inspect", picture, "--model", model, "-q", "What?", "--strategy", strategy, "--keep", "40%", "--evidence",
          file,
          "--tensors", tensors, "--max-new-tokens", "1"))
      let selected = try expectSuccess(Command("select", file, "--strategy", strategy, "--keep", "40%", "--json"))
        .json()
      let asked = try expectSuccess(
        Command(
          "ask", picture, "--model", model, "-q", "What?", "--strategy", strategy, "--keep", "40%", "--json",
          "--max-new-tokens", "1")
      ).json()
      let views = try #require(((asked["images"] as? [JSONObject])?.first)?["views"] as? [JSONObject])
      let chosen = try #require(selected["views"] as? [JSONObject])
      #expect(chosen.map { ($0["kept"] as? [Int])?.sorted() } == views.map { $0["kept"] as? [Int] })
    }
  }
}
