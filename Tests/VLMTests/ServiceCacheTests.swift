import Kernels
import Language
import Pruning
import TestSupport
import Testing

@testable import VLM

@Suite struct `What a scheduler keeps` {
  private func ask(_ scheduler: Scheduler, _ model: VisionLanguageModel, _ question: ServiceQuestion) async throws
    -> ServedAnswer
  {
    let heard = await Heard(try scheduler.submit(try question.request(model)))
    let answer = try #require(heard.answer, "\(heard.error?.message ?? "")")
    #expect(answer.record.text == (try question.alone(model)).text)
    return answer
  }

  @Test(arguments: ["shapes-llava", "shapes-next"])
  func `saves a second question all but its own words`(_ name: String) async throws {
    let model = try TestModel.load(name)
    let scheduler = Scheduler(model: model)
    for (strategy, keep) in [("none", "all"), ("hiprune", "64")] {
      let first = try await ask(scheduler, model, ServiceQuestion(strategy: strategy, keep: keep))
      let second = try await ask(
        scheduler, model, ServiceQuestion(question: "Where is the star?", strategy: strategy, keep: keep))
      #expect(first.cachedTokens < first.record.sentTokens && second.cachedTokens >= second.record.sentTokens)
      #expect(second.encodedPictures == 0)
    }
  }

  @Test func `saves another strategy and another budget the tower`() async throws {
    let model = try TestModel.load("shapes-llava")
    let setting = try TestModel.setting("hiprune", keep: "64")
    let evidence = try model.evidence(for: setting, of: try model.picture("scene.png"))
    let scheduler = Scheduler(model: model, options: ServiceOptions(expected: evidence))
    var encoded: [Int] = []
    for (strategy, keep) in [("none", "all"), ("hiprune", "64"), ("hiprune", "32"), ("random", "64"), ("fastv", "50%")]
    {
      encoded.append(
        try await ask(scheduler, model, ServiceQuestion(strategy: strategy, keep: keep)).encodedPictures)
    }
    #expect(encoded == [1, 0, 0, 0, 0])
    // Evidence that nobody expected: once, and then it is there with all the rest.
    for (strategy, expected) in [("divprune", 1), ("fastervlm", 1), ("divprune", 0), ("hiprune", 0)] {
      let answer = try await ask(scheduler, model, ServiceQuestion(strategy: strategy, keep: "20"))
      #expect(answer.encodedPictures == expected, "\(strategy)")
    }
  }

  @Test func `is nothing without a budget`() async throws {
    let model = try TestModel.load("shapes-llava")
    let scheduler = Scheduler(model: model, options: ServiceOptions(featureCacheBytes: 0, prefixCacheBytes: 0))
    for _ in 0..<2 {
      let answer = try await ask(scheduler, model, ServiceQuestion())
      #expect(answer.cachedTokens == 0 && answer.encodedPictures == 1)
    }
  }

  @Test func `of a picture is told from another's by its content`() throws {
    let model = try TestModel.load("tiny-classic")
    func identity(_ file: String) throws -> PictureIdentity { PictureIdentity(try model.picture(file)) }
    #expect(try identity("tiny-wide.png") == identity("tiny-wide.png"))
    #expect(try identity("tiny-wide.png") != identity("tiny-square.png"))
    #expect(try identity("tiny-wide.png").digest.count == 64)
  }

  /// Features of a picture that nobody took.
  private func known(_ seed: Int, rows: Int = 100) -> (FeatureStore.Known, bytes: Int) {
    let features = Matrix(rows: rows, columns: 64, values: (0..<rows * 64).map { Float($0 + seed) })
    let picture = EncodedPicture(
      tokens: nil, features: [features], classTokens: nil, projected: nil,
      evidence: [[.features: .matrix(features), .attentionReceived(layer: 1, queries: .all): .vector([1, 2])]])
    return (FeatureStore.Known(features: FeatureCache(whole: (picture, .none))), rows * 64 * 4 + 16)
  }

  @Test func `of pictures stays within its bytes, and what was not used for longest goes first`() throws {
    let model = try TestModel.load("tiny-classic")
    let names = ["tiny-wide.png", "tiny-square.png", "tiny-tall.png"]
    let identities = try names.map { PictureIdentity(try model.picture($0)) }
    let setting = try TestModel.setting("uniform", keep: "4")
    var (features, timings) = (FeatureCache(), StageTimings())
    let sent = try model.sentPicture(
      try model.picture(names[0]), setting: setting, spec: try model.spec(of: setting), question: "?", known: [],
      features: &features, timings: &timings)
    let one = known(0)
    // Shared arrays count once; what was sent is a few hundred bytes.
    var store = FeatureStore(bytes: one.bytes * 5 / 2, expected: .none, files: nil)
    for (number, identity) in identities.enumerated() {
      store.keep(identity, known(number).0, sending: sent)
      if number == 1 { store.keep(identities[0], store.known(identities[0]), sending: sent) }
      #expect(store.bytes <= one.bytes * 5 / 2)
    }
    #expect(Double(store.bytes) < 1.05 * Double(2 * one.bytes) && store.bytes >= 2 * one.bytes)
    #expect(identities.map { store.known($0).features.whole != nil } == [true, false, true])
    // What has no room by itself drives nothing out.
    store.keep(identities[1], known(1, rows: 1000).0, sending: sent)
    #expect(identities.map { store.known($0).features.whole != nil } == [true, false, true])
  }

  /// A cache of random keys and values.
  private func cache(_ count: Int, seed: Int = 0) -> KeyValueCache {
    var cache = KeyValueCache(layers: 2, heads: 3, headWidth: 4, capacity: 1)
    let values = (0..<2 * 2 * 3 * 4 * count).map { Float($0 + seed) }
    cache.append(values, of: count, first: count)
    return cache
  }

  @Test func `of prompts is restored as far as prompts are the same`() {
    var store = PrefixStore(bytes: 1 << 20)
    let codes = (0..<100).map { $0 % 7 }
    let positions = (0..<100).map { Position($0) }
    let original = cache(100)
    store.keep(codes, positions: positions, cutAt: 40, from: original)
    func restored(_ codes: [Int], _ positions: [Position], most: Int = 1000) -> Int {
      var copy = KeyValueCache(layers: 2, heads: 3, headWidth: 4, capacity: 1)
      let count = store.restore(codes, positions: positions, most: most, into: &copy)
      #expect(copy.counts == [count, count] && copy.values(0..<count) == original.values(0..<count))
      return count
    }
    #expect(restored(codes, positions) == 100)
    #expect(restored(codes + [1], positions + [Position(100)]) == 100)
    #expect(restored(codes, positions, most: 99) == 99)
    for length in [0, 1, 31, 32, 33, 40, 41, 99] {
      let other = Array(codes[..<length]) + [77, 78]
      #expect(restored(other, Array(positions[..<(length + 2 > 100 ? 100 : length + 2)]) + [Position(5)]) == length)
      let moved = positions.enumerated().map { $0 < length ? $1 : Position(500 + $0) }
      #expect(restored(codes, moved) == length)
    }
    // Another end after the same beginning shares the blocks of that.
    let before = store.bytes
    store.keep(
      Array(codes[..<40]) + [50, 51], positions: Array(positions[..<42]), cutAt: 40, from: cache(42))
    #expect(store.bytes - before < before / 10)
  }

  @Test func `of prompts stays within its bytes, and goes from its ends`() {
    let each = 2 * 2 * 3 * 4 * 32 * 4
    var store = PrefixStore(bytes: each * 8)
    let positions = (0..<64).map { Position($0) }
    for prompt in 0..<50 {
      store.keep(
        [1000] + (1..<64).map { $0 < 32 ? $0 : prompt * 64 + $0 }, positions: positions, cutAt: 0, from: cache(64))
      #expect(store.bytes <= each * 8)
    }
    var copy = KeyValueCache(layers: 2, heads: 3, headWidth: 4, capacity: 1)
    // The common beginning is the oldest block, and still there.
    #expect(store.restore([1000] + Array(1..<32), positions: positions, most: 40, into: &copy) == 32)
    #expect(
      store.restore(
        [1000] + (1..<64).map { $0 < 32 ? $0 : 49 * 64 + $0 }, positions: positions, most: 64,
        into: &copy) == 64)
  }

  @Test func `does not grow over hundreds of requests`() async throws {
    let model = try TestModel.load("tiny-classic", workers: 1)
    let scheduler = Scheduler(model: model, options: ServiceOptions(prefixCacheBytes: 1 << 16))
    let pool = model.workers.workspaces
    var after: [Int] = []
    for round in 0..<8 {
      for number in 0..<40 {
        let question = ServiceQuestion(
          question: "What is \(round * 40 + number)?", picture: "tiny-wide.png", strategy: "uniform", keep: "9",
          newTokens: 3)
        #expect(await Heard(try scheduler.submit(try question.request(model))).answer != nil)
      }
      after.append(pool.allocations)
    }
    #expect(after[7] <= after[1] + 8, "\(after)")
  }
}
