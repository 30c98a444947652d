import Basics
import Kernels
import Testing

@testable import Pruning

@Suite struct `Strategies that read the class token` {
  @Test(arguments: [8, 12, 24], ["7", "30%", "23"])
  func `VTC-CLS that starts at the feature layer is FasterVLM`(depth: Int, keep: String) throws {
    for crops in [nil, Grid(rows: 2, columns: 1)] {
      let keep = crops == nil ? keep : "30%"
      let image = Samples.attentive(Samples.tower(depth: depth), crops: crops, seed: UInt64(depth))
      let fasterVLM = try Samples.plan("fastervlm", image, keep: keep)
      let vtc = try Samples.plan("vtc-cls(start=\(depth - 2))", image, keep: keep)
      #expect(vtc.views == fasterVLM.views)
      #expect(vtc.sequence == fasterVLM.sequence)
    }
  }

  @Test(arguments: [0, 13, 23])
  func `Attention to one patch selects that patch`(patch: Int) throws {
    let image = Samples.image { evidence, _ in
      for layer in 0..<8 {
        var attention = Matrix(rows: 2, columns: 24)
        for head in 0..<2 { attention[head, patch] = 1 }
        evidence.classAttention[layer] = attention
      }
      var logits = Matrix(rows: 2, columns: 24)
      logits[1, patch] = 5
      evidence.classLogits[7] = logits
    }
    for spec in [
      "fastervlm", "fastervlm(heads=max)", "vtc-cls", "vtc-cls(ensemble=max)", "vtc-cls(ensemble=min)", "globalcom2",
    ] {
      #expect(try Samples.kept(spec, image, keep: "1") == [patch])
    }
  }

  @Test func `heads are averaged or the largest taken`() throws {
    let image = Samples.image(Samples.tower(1, 3)) { evidence, _ in
      evidence.classAttention[6] = Matrix(rows: 2, columns: 3, values: [0.5, 0.1, 0.4, 0, 0.4, 0.4])
    }
    #expect(try Samples.kept("fastervlm", image, keep: "1") == [2])
    #expect(try Samples.kept("fastervlm(heads=max)", image, keep: "1") == [0])
  }

  @Test func `blocks are combined as asked`() throws {
    let image = Samples.image(Samples.tower(1, 3)) { evidence, _ in
      evidence.classAttention[5] = Matrix(rows: 1, columns: 3, values: [0.7, 0.4, 0.2])
      evidence.classAttention[6] = Matrix(rows: 1, columns: 3, values: [0.1, 0.5, 0.9])
    }
    #expect(try Samples.kept("vtc-cls(start=5)", image, keep: "1") == [2])  // 0.8, 0.9, 1.1
    #expect(try Samples.kept("vtc-cls(start=5, ensemble=max)", image, keep: "2") == [0, 2])
    #expect(try Samples.kept("vtc-cls(start=5, ensemble=min)", image, keep: "1") == [1])
  }

  @Test func `equal scores go to the lower index`() throws {
    let image = Samples.image(crops: Grid(rows: 1, columns: 2)) { evidence, _ in
      evidence.classAttention[6] = Matrix(rows: 2, columns: 24)
    }
    #expect(try Samples.plan("fastervlm", image, keep: "9").kept == [[0, 1, 2], [0, 1, 2], [0, 1, 2]])
  }

  @Test func `evidence that is missing or wrong is named`() throws {
    let kind = EvidenceKind.classAttention(layer: 6)
    #expect(throws: PruningError.missingEvidence(kind, view: 0)) {
      try Samples.plan("fastervlm", Samples.image(), keep: "5")
    }
    let narrow = Samples.image { evidence, _ in evidence.classAttention[6] = Matrix(rows: 2, columns: 23) }
    #expect(
      throws: PruningError.malformedEvidence(kind, view: 0, expected: "n × 24", found: "2 × 23")
    ) { try Samples.plan("fastervlm", narrow, keep: "5") }
    let broken = Samples.image { evidence, _ in
      var attention = Matrix(rows: 2, columns: 24)
      attention[1, 9] = .nan
      evidence.classAttention[6] = attention
    }
    #expect(throws: PruningError.nonFiniteScore(view: 0, token: 9)) { try Samples.plan("fastervlm", broken, keep: "5") }
  }
}
