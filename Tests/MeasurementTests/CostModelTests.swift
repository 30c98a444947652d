import Kernels
import Measurement
import TestSupport
import Testing
import VLM

@Suite struct `The cost of a model` {
  /// Width 64, four heads of 16, feed-forward 160, three blocks, 512 words: by hand.
  @Test func `counts what is computed of ten positions`() throws {
    let model = try FamilyCatalogue.load(
      folder: Fixtures.model("tiny-classic").path, name: "tiny", workers: Workers(count: 1))
    let picture = try model.picture(try readFile(Fixtures.image("tiny-wide.png").path), file: "tiny-wide.png")
    let cost = CostModel(model, picture: picture)
    let (shared, own, head) = (2 * 64 * 64, 2 * 64 * 64 + 3 * 64 * 160, 64 * 512)
    #expect(cost.prefillLinear(rows: 10) == Double(2 * (10 * (3 * shared + 2 * own) + own + head)))
    #expect(cost.prefillAttention(rows: 10) == Double(4 * 64 * (2 * 55 + 10)))
  }
}
