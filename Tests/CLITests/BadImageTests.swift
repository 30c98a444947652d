import Foundation
import TestSupport
import Testing

@Suite struct `Bad images are one error and one hint` {
  private func refuse(_ bytes: some Sequence<UInt8>, naming fragment: String) throws {
    let scratch = try Scratch()
    let file = try scratch.write(bytes, as: "picture.png")
    try expectFailure(ask("--overlay", scratch.path("kept.png"), image: file), naming: "error: \(file)", fragment)
    var piped = ask(image: "-")
    piped.input = Array(bytes)
    try expectFailure(piped, naming: fragment)
    #expect(try scratch.names() == ["picture.png"])
  }

  @Test(arguments: [
    ("", "0 bytes"), ("GIF89a\u{1}\u{1}\u{1}\u{1}", "GIF"), ("RIFF\u{1}\u{1}\u{1}\u{1}WEBPVP8 ", "WebP"),
    ("just text\n", "text"), ("<!DOCTYPE html><html>", "HTML"), ("\u{1}\u{2}\u{3}\u{4}", "01 02 03 04"),
  ])
  func `content that is no PNG or JPEG is named`(content: String, name: String) throws {
    try refuse(content.utf8, naming: name)
  }

  @Test
  func `a truncated picture, and one that claims a huge size`() throws {
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: square)))
    try refuse(bytes.prefix(bytes.count / 2), naming: "PNG")
    try refuse(bytes.prefix(20), naming: "PNG")
    var huge = bytes
    huge.replaceSubrange(16..<24, with: [0x7f, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff])
    try refuse(huge, naming: "too large")
  }

  @Test
  func `files that are not there, folders, devices`() throws {
    let scratch = try Scratch()
    try expectFailure(ask(image: scratch.path("none.png")), naming: "cannot read", "no such file")
    try expectFailure(ask(image: scratch.folder), naming: "it is a folder")
    try expectFailure(ask(image: ""), naming: "cannot read")
    try expectFailure(ask(image: "\(square)/x"), naming: "cannot read")
    try expectFailure(ask(image: "/dev/null"), naming: "0 bytes")
    try expectFailure(ask(image: "/dev/zero"), naming: "/dev/zero")
    var folder = Command("inspect", scratch.folder, "--model", classic, "-q", "What?")
    try expectFailure(folder, naming: "it is a folder")
    folder.arguments[1] = scratch.path("none.png")
    try expectFailure(folder, naming: "no such file")
  }

  @Test
  func `--max-pixels bounds the picture and what resizing makes of it`() throws {
    try expectFailure(ask("--max-pixels", "10"), naming: "too large", "--max-pixels")
    try expectFailure(ask("--max-pixels", "2000", image: Fixtures.url("golden/images/pictures/dot-1x1.png").path))
    for bad in ["0", "-1", "many", "1.5", ""] {
      try expectFailure(ask("--max-pixels", bad), exitCode: 2, naming: "--max-pixels")
    }
  }

  private static let pngSuite = Fixtures.sharedData?.appending(path: "images/pngsuite")
  private static let crashFiles = Fixtures.sharedData?.appending(path: "images/jpeg/crash")

  /// One more, xcsn0g01.png, is read, as by Pillow: only the checksum of its pixels' chunk is wrong.
  @Test(.enabled(if: pngSuite != nil, "../shared/data is absent"))
  func `PngSuite's broken files`() throws {
    let folder = try #require(Self.pngSuite)
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      .filter { $0.hasPrefix("x") && $0.hasSuffix(".png") && $0 != "xcsn0g01.png" }
    #expect(names.count == 13)
    for name in names.sorted() {
      let command = ask(image: folder.appending(path: name).path)
      let outcome = try command.run()
      expectFailure(outcome, of: command, exitCode: 1, naming: [name])
    }
  }

  @Test(.enabled(if: crashFiles != nil, "../shared/data is absent"))
  func `files that crashed decoders answer or are refused`() throws {
    let folder = try #require(Self.crashFiles)
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    #expect(!names.isEmpty)
    for name in names {
      var command = ask(image: folder.appending(path: name).path)
      command.memoryLimit = 8192
      command.timeLimit = 30
      let outcome = try command.run()
      if outcome.exitCode == 0 {
        #expect(!outcome.errors.contains("error:"))
      } else {
        expectFailure(outcome, of: command, exitCode: 1)
      }
    }
  }
}
