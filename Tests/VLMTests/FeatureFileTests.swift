import Foundation
import Kernels
import Pruning
import Synchronization
import TestSupport
import Testing

@testable import VLM

@Suite struct `A file of features` {
  private static let kinds: [EvidenceKind] = [
    .classAttention(layer: 2), .classLogits(layer: 1), .attentionReceived(layer: 3, queries: .patches),
    .attentionReceived(layer: 3, queries: .all), .patchMeans(layer: 0, scale: .softmax),
    .patchMeans(layer: 0, scale: .logits), .keys(layer: 2), .classOwnLogits(layer: 1), .features, .projected,
    .textSpace, .clipSpace, .attention(.map(.softmax), layer: 4), .attention(.map(.logits), layer: 0),
  ]

  private func encoded() throws -> (EncodedPicture, Evidence, FeatureFileKey) {
    let model = try TestModel.load("tiny-classic")
    let picture = try model.picture("tiny-wide.png")
    let evidence = Evidence(Self.kinds.filter { $0 != .clipSpace })
    let key = FeatureFileKey(maker: "a model", picture: PictureIdentity(picture))
    return (try model.encode(picture, evidence: evidence), evidence, key)
  }

  @Test func `spells every kind of evidence, and reads it`() {
    for kind in Self.kinds { #expect(EvidenceSpelling.kind(EvidenceSpelling.text(of: kind)) == kind) }
    for text in ["", "@", "keys", "keys@", "keys@-1", "keys@x", "nothing@1", "features@1"] {
      #expect(EvidenceSpelling.kind(text) == nil)
    }
  }

  @Test func `gives back what was put into it`() throws {
    try withTemporaryFolder { folder in
      let (picture, evidence, key) = try encoded()
      let path = "\(folder)/new/a.features"
      #expect(throws: FeatureFileError.absent) { try FeatureFile.read(path, key: key) }
      try FeatureFile.write(picture, evidence, to: path, key: key)
      let found = try FeatureFile.read(path, key: key)
      #expect(found.evidence == evidence && found.picture.features == picture.features)
      #expect(found.picture.classTokens == picture.classTokens && found.picture.projected == picture.projected)
      #expect(found.picture.evidence == picture.evidence && found.picture.evidence[0].count == evidence.kinds.count)
      #expect(try FileManager.default.contentsOfDirectory(atPath: "\(folder)/new") == ["a.features"])
      let other = FeatureFileKey(maker: "another model", picture: key.picture)
      #expect(throws: FeatureFileError.damaged) { try FeatureFile.read(path, key: other) }
    }
  }

  @Test func `is not believed when it is damaged`() throws {
    try withTemporaryFolder { folder in
      let (picture, evidence, key) = try encoded()
      let path = "\(folder)/a.features"
      try FeatureFile.write(picture, evidence, to: path, key: key)
      let bytes = try readFile(path)
      for place in [0, 9, 17, 33, 120, bytes.count / 2, bytes.count - 1] {
        var damaged = bytes
        damaged[place] ^= 4
        try writeFile(damaged, to: path)
        #expect(throws: FeatureFileError.damaged, "\(place)") { try FeatureFile.read(path, key: key) }
      }
      for count in [0, 1, 31, 32, 100, bytes.count - 1] {
        try writeFile(Array(bytes[..<count]), to: path)
        #expect(throws: FeatureFileError.damaged, "\(count)") { try FeatureFile.read(path, key: key) }
      }
    }
  }

  @Test func `with numbers that make no sense is refused, whatever its digest says`() throws {
    let (picture, evidence, _) = try encoded()
    var writer = FeatureWriter()
    writer.add(picture, evidence)
    // Every word of the head and of the first matrices: counts, lengths, rows and columns.
    for place in stride(from: 0, to: 400, by: 8) {
      for value: UInt8 in [0xff, 0x7f] {
        var bytes = writer.bytes
        bytes[place + 7] = value
        var reader = FeatureReader(bytes)
        _ = try? reader.picture()
      }
    }
    var short = FeatureReader(Array(writer.bytes.dropLast()))
    #expect(throws: FeatureFileError.damaged) { try short.picture() }
  }

  /// A scheduler's answer about a picture, and what it had to say about its folder.
  private func ask(_ folder: String) async throws -> (answer: ServedAnswer, notices: [String]) {
    let model = try TestModel.load("shapes-llava")
    let notices = NoticeList()
    let scheduler = Scheduler(
      model: model,
      options: ServiceOptions(
        featureFolder: FeatureFolder(path: folder, checkpoint: "shapes") { notices.add($0) }))
    let question = ServiceQuestion(strategy: "hiprune", keep: "64")
    let heard = await Heard(try scheduler.submit(try question.request(model)))
    await scheduler.drain()
    let answer = try #require(heard.answer)
    #expect(answer.record.text == (try question.alone(model)).text)
    return (answer, notices.all)
  }

  @Test func `saves the next run the tower, and is made anew when it is damaged`() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "vlmprune-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    func files() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: folder) }
    #expect(try await ask(folder).answer.encodedPictures == 1)
    let file = "\(folder)/\(try #require(try files().first))"
    let second = try await ask(folder)
    let count = try files().count
    #expect(second.answer.encodedPictures == 0 && second.notices.isEmpty && count == 1)
    var bytes = try readFile(file)
    bytes[bytes.count / 2] ^= 1
    try writeFile(bytes, to: file)
    let third = try await ask(folder)
    #expect(third.answer.encodedPictures == 1 && third.notices.count == 1)
    #expect(third.notices[0].contains("damaged"))
    #expect(try await ask(folder).answer.encodedPictures == 0)
  }

  @Test func `that cannot be written costs no answer`() async throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "vlmprune-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try writeFile([1], to: path)
    let asked = try await ask("\(path)/under-a-file")
    #expect(asked.answer.encodedPictures == 1 && asked.notices.count == 1)
  }
}

/// Lines that another thread hands over.
private final class NoticeList: Sendable {
  private let lines = Mutex<[String]>([])
  var all: [String] { lines.withLock { $0 } }
  func add(_ line: String) { lines.withLock { $0.append(line) } }
}
