import Foundation
import TestSupport
import Testing

@Suite struct `The manifest of the fixtures` {
  /// Digest by path below fixtures/.
  private func manifest() throws -> [String: String] {
    let text = try String(contentsOf: Fixtures.url("MANIFEST"), encoding: .utf8)
    var digests: [String: String] = [:]
    for line in text.split(separator: "\n") {
      let parts = line.split(separator: "  ", maxSplits: 1)
      try #require(parts.count == 2 && parts[0].count == 64, "\(line)")
      #expect(digests.updateValue(String(parts[0]), forKey: String(parts[1])) == nil, "\(line) is listed twice")
    }
    return digests
  }

  /// Every file below fixtures/ but the generators and the manifest itself.
  private func files() throws -> Set<String> {
    let root = Fixtures.root.appending(path: "fixtures").path
    let paths = try FileManager.default.subpathsOfDirectory(atPath: root)
    return Set(
      paths.filter { path in
        var isFolder: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: "\(root)/\(path)", isDirectory: &isFolder)
        return exists && !isFolder.boolValue && !path.hasPrefix("generate/") && path != "MANIFEST"
      })
  }

  @Test func `lists every file, and no other`() throws {
    let listed = Set(try manifest().keys)
    let present = try files()
    #expect(!listed.isEmpty)
    #expect(present.subtracting(listed).sorted() == [], "not listed: run fixtures/generate/make_manifest.py")
    #expect(listed.subtracting(present).sorted() == [], "listed, but absent")
  }

  @Test func `has every file's SHA-256`() throws {
    let present = try files()
    for (path, digest) in try manifest().sorted(by: { $0.key < $1.key }) where present.contains(path) {
      #expect(try sha256(readFile(Fixtures.url(path).path)) == digest, "\(path) has changed")
    }
  }

  /// Vectors of FIPS 180-4, and lengths around the padding's edge against coreutils' sha256sum.
  @Test func `is checked by a digest that is right`() {
    #expect(sha256([]) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    #expect(sha256(Array("abc".utf8)) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    let edges = [
      55: "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318",
      56: "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a",
      63: "7d3e74a05d7db15bce4ad9ec0658ea98e3f06eeecf16b4c6fff2da457ddc2f34",
      64: "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb",
    ]
    for (count, digest) in edges { #expect(sha256([UInt8](repeating: 0x61, count: count)) == digest) }
  }
}
