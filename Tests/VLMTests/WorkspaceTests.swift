import Kernels
import Language
import TestSupport
import Testing

@testable import VLM

@Suite struct `A decoder's activations` {
  /// Rooms of less than a page are the system's; so many rows make all of them larger.
  private static let rows = 40

  private func run(_ model: VisionLanguageModel, rows: Int, from start: Int, _ cache: inout KeyValueCache) -> [Float] {
    model.decoder.run(
      model.decoder.embed((0..<rows).map { 3 + ($0 + start) % 50 }),
      positions: (start..<start + rows).map { Position($0) }, cache: &cache, workers: model.workers)
  }

  @Test(arguments: ["tiny-classic", "shapes-llava"])
  func `are rooms of the pool, which the next run takes again`(_ name: String) throws {
    let model = try TestModel.load(name, workers: 1)
    let pool = model.workers.workspaces
    var cache = model.decoder.makeCache(capacity: 128)
    let first = run(model, rows: Self.rows, from: 0, &cache)
    let shape = model.decoder.configuration
    let widths =
      2 * shape.width + 2 * shape.heads * shape.headWidth + 2 * shape.keyValueHeads * shape.headWidth
      + shape.feedForwardWidth
    #expect(pool.keptBytes >= Self.rows * widths * MemoryLayout<Float>.size)
    _ = run(model, rows: 1, from: Self.rows, &cache)
    let allocations = pool.allocations
    for token in 1..<6 { _ = run(model, rows: 1, from: Self.rows + token, &cache) }
    #expect(pool.allocations == allocations)
    cache.truncate(to: 0)
    #expect(run(model, rows: Self.rows, from: 0, &cache) == first)
    #expect(pool.allocations == allocations)
  }

  @Test func `of a conversation's second question are the first one's`() throws {
    let model = try TestModel.load("shapes-llava", workers: 1)
    var conversation = Conversation(model: model, setting: try TestModel.setting("fastervlm", keep: "16"))
    let picture = try model.picture("tiny-wide.png")
    func ask() throws -> String {
      conversation.restart()
      return try conversation.ask(
        "What colour is the ring?", newPictures: [picture], options: GenerationOptions(maxNewTokens: 5)
      ).text
    }
    let first = try ask()
    let allocations = model.workers.workspaces.allocations
    for _ in 0..<3 { #expect(try ask() == first) }
    #expect(allocations > 0 && model.workers.workspaces.allocations <= allocations + 8)
  }
}
