import Testing

@testable import Pruning

@Suite struct `Codes of merged rows` {
  @Test func `are those of no other row of the prompt, however many are merged`() throws {
    // A patch, rows of zeros, and the class token of view 101.
    let prompt = [0, 1, -300, -300, -201]
    var record = DecoderPruningRecord(of: [prompt], raters: [[]])
    let codes = (0..<150).flatMap { _ in record.merge([[0, 1]]) }
    #expect(Set(codes).count == 150 && Set(codes).isDisjoint(with: prompt))
    #expect(codes.first == -200 && codes == codes.sorted(by: >))
    record.keep([codes], before: 2)
    #expect(record.cuts[0].merged.map(\.code) == codes)
    #expect(record.tokensPerBlock(depth: 3)[2] == 150)
  }

  @Test func `count from -200 without a gap where the prompt has no such code`() {
    var record = DecoderPruningRecord(of: [[0, 1, 2, -1, -100]], raters: [[]])
    #expect(record.merge([[0, 1], [2]]) == [-200, -201] && record.merge([[-200, 2]]) == [-202])
  }
}
