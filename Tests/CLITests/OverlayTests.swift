import Foundation
import TestSupport
import Testing

@Suite struct `ask --overlay` {
  @Test
  func `one image gives the file that was named, enlarged by a whole factor`() throws {
    let scratch = try Scratch()
    try expectSuccess(ask("--keep", "9", "--overlay", scratch.path("kept.png"), image: wide))
    #expect(try scratch.names() == ["kept.png"])
    let drawn = try pngSize(scratch.bytes("kept.png"))
    let original = try pngSize([UInt8](Data(contentsOf: URL(fileURLWithPath: wide))))
    #expect(drawn[0] % original[0] == 0 && drawn[0] / original[0] == drawn[1] / original[1])
  }

  @Test
  func `several images are numbered`() throws {
    let scratch = try Scratch()
    var command = ask("--keep", "9", "--overlay", scratch.path("kept.png"))
    command.arguments.insert(wide, at: 1)
    try expectSuccess(command)
    #expect(try scratch.names() == ["kept-1.png", "kept-2.png"])
    command.arguments[command.arguments.count - 1] = scratch.path("plain")
    try expectSuccess(command)
    #expect(try scratch.names() == ["kept-1.png", "kept-2.png", "plain-1", "plain-2"])
  }

  @Test(arguments: ["downsample", "none"])
  func `a downsampled and a dense answer have pictures too`(strategy: String) throws {
    let scratch = try Scratch()
    let keep = strategy == "none" ? "all" : "9"
    try expectSuccess(ask("--strategy", strategy, "--keep", keep, "--overlay", scratch.path("kept.png")))
    #expect(try scratch.bytes("kept.png").count > 100)
  }

  @Test
  func `a path that cannot be written is an error before any compute`() throws {
    let scratch = try Scratch()
    let file = try scratch.write("text", as: "file")
    let bad = [
      scratch.path("missing/kept.png"), scratch.folder, "\(file)/kept.png", "/proc/kept.png", "/dev/null", "",
      scratch.path("folder/"),
    ]
    for path in bad { try expectFailure(ask("--overlay", path, model: "/nowhere"), naming: "--overlay \(path)") }
    #expect(try scratch.names() == ["file"])
  }

  @Test(arguments: ["kept.jpg", "kept.JPEG", "kept.webp"])
  func `a name that promises another format than PNG is refused`(name: String) throws {
    let scratch = try Scratch()
    try expectFailure(
      ask("--overlay", scratch.path(name), model: "/nowhere"), exitCode: 2, naming: "--overlay", name, ".png")
  }

  @Test
  func `the image itself is not replaced`() throws {
    let scratch = try Scratch()
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: square)))
    let copy = try scratch.write(bytes, as: "photo.png")
    try FileManager.default.createSymbolicLink(atPath: scratch.path("link.png"), withDestinationPath: copy)
    try expectFailure(ask("--overlay", copy, image: copy), naming: "replace the image")
    try expectFailure(ask("--overlay", copy, image: scratch.path("link.png")), naming: "replace the image")
    #expect(try scratch.bytes("photo.png") == bytes)
  }

  /// Width and height from the header.
  private func pngSize(_ bytes: [UInt8]) -> [Int] {
    #expect(bytes.starts(with: [0x89, 0x50, 0x4e, 0x47]))
    return [bytes[16..<20], bytes[20..<24]].map { $0.reduce(0) { $0 << 8 | Int($1) } }
  }
}
