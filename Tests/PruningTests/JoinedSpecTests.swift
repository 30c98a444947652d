import Pruning
import Testing

@Suite struct `Specs of methods inside the decoder` {
  private let catalogue = StrategyCatalogue.standard
  private let decoder = DecoderDescription(depth: 32, heads: 32, frequencies: [1, 0.1])

  private func refusal(_ text: String) -> PruningError? {
    do { _ = try catalogue.make(parsing: text) } catch { return error }
    return nil
  }

  @Test(arguments: [
    ("fastv", "fastv(layer=2, budget=average)"), ("sparsevlm+", "sparsevlm+(blocks=2/6/15, heads=14)"),
    ("random(keep=25%) + fastv(layer=3)", "random(keep=25%) + fastv(layer=3, budget=average)"),
    ("random(keep=9)+pyramiddrop(blocks=8/16)", "random(keep=9) + pyramiddrop(blocks=8/16, budget=average)"),
    ("fopru(layer=1, keep=64) + sparsevlm+ ", "fopru(keep=64, policy=rank, score=softmax, layer=1) + sparsevlm+("),
  ])
  func `are spelled out on a decoder, and read again`(written: String, canonical: String) throws {
    let tower = Samples.description(depth: 8)
    let spec = try catalogue.make(parsing: written).resolved(on: tower, decoder: decoder)
    #expect(spec.description.hasPrefix(canonical), "\(spec)")
    let again = try catalogue.make(parsing: spec.description).resolved(on: tower, decoder: decoder)
    #expect(again.description == spec.description)
  }

  @Test func `say what each stage is`() throws {
    let joined = try catalogue.make(parsing: "random(keep=25%) + fastv")
    #expect(type(of: joined.beforeDecoder).name == "random" && joined.inDecoder != nil)
    let alone = try catalogue.make(parsing: "fastv")
    #expect(!type(of: alone.beforeDecoder).prunes && alone.inDecoder != nil && type(of: alone).name == "fastv")
    #expect(try catalogue.make(parsing: "hiprune++").inDecoder == nil)
  }

  @Test func `are refused by name where they make no sense`() {
    let inside = catalogue.decoderMethods.names
    #expect(refusal("random(keep=9, keep=8) + fastv") == .duplicateOption("keep", strategy: "random"))
    #expect(refusal("fastv + random(keep=9)") == .cannotJoin(["fastv", "random(keep=9)"], inside: inside))
    #expect(refusal("none + fastv") == .cannotJoin(["none", "fastv"], inside: inside))
    #expect(
      refusal("random(keep=9) + fastv + fastv") == .cannotJoin(["random(keep=9)", "fastv", "fastv"], inside: inside))
    #expect(refusal("random(keep=9) + nothing") == .unknownStrategy("nothing", valid: catalogue.everyName))
    #expect(refusal("random(keep=0) + fastv") == .budgetNotPositive("0"))
    #expect(refusal("random(keep=9) + ") == .malformedSpec(" ", reason: "it has no name"))
  }

  @Test func `have no meaning without a decoder`() throws {
    let strategy = try catalogue.make(parsing: "fastv")
    #expect(throws: PruningError.needsDecoder(strategy: "fastv")) {
      _ = try strategy.resolved(on: Samples.description(depth: 8))
    }
  }
}
