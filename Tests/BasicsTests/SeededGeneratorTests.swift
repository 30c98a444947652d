import Basics
import Testing

/// The numbers are an independent implementation's, in Python with unbounded integers, checked against the published
/// first numbers of SplitMix64 for the state 1234567 (6457827717110365317, 3203168211198807973, …). Its recipe, with
/// G = 0x9E3779B97F4A7C15:
///
///     mix(z): z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 mod 2^64
///             z = (z ^ z >> 27) * 0x94D049BB133111EB mod 2^64
///             z ^ z >> 31
///     start:  state = mix(mix(seed + G) ^ digest)
///     next:   state = (state + G) mod 2^64; mix(state)
///     below:  p = next * bound, again while p mod 2^64 < 2^64 mod bound; p >> 64
@Suite struct `Seeded numbers` {
  @Test(
    arguments: [
      (0, 0, [0x568A_9B0B_1A2C_05EC, 0x44E5_B8B1_47EF_718B, 0x4585_63AB_5552_1133, 0x7AEC_6445_39B6_C0F9]),
      (1, 2, [0xD2F6_D047_0BE1_A7B1, 0xE5EA_3DCC_F500_A9AF, 0x57B8_34B2_3CDC_9D17, 0xEB3A_A0CE_549F_EC8C]),
      (2, 1, [0x481C_920D_996F_CE04, 0x4575_5BBD_E008_FE9B, 0xBFDD_A205_EEBC_CEF0, 0xDAC0_B083_A7C5_FEA9]),
    ] as [(UInt64, UInt64, [UInt64])])
  func `The first numbers of a seed and a digest never change`(seed: UInt64, digest: UInt64, first: [UInt64]) {
    var random = SeededGenerator(seed: seed, digest: digest)
    #expect(first.map { _ in random.next() } == first)
  }

  @Test(
    arguments: [
      (1, 2, 576, [474, 517, 197, 529, 358, 148, 268, 8, 548, 552, 547, 46]),
      (3, 0, 7, [4, 6, 3, 6, 4, 3, 4, 6, 4, 0, 5, 5]),
      // 3 · 2^61 + 1 refuses a quarter of all numbers, one of the first seven among them.
      (
        1, 2, 6_917_529_027_641_081_857,
        [
          6_212_670_798_648_328_098, 2_370_322_506_429_151_976, 6_356_263_858_352_158_901, 4_309_962_490_503_723_553,
          1_786_260_551_955_456_427, 3_224_003_573_660_946_782,
        ]
      ),
    ] as [(UInt64, UInt64, Int, [Int])])
  func `The first draws below a bound never change`(seed: UInt64, digest: UInt64, bound: Int, first: [Int]) {
    var random = SeededGenerator(seed: seed, digest: digest)
    #expect(first.map { _ in random.next(below: bound) } == first)
  }

  @Test(arguments: [1, 2, 3, 7, 24])
  func `Draws stay below their bound and reach all of it`(bound: Int) {
    var random = SeededGenerator(seed: 3, digest: 0)
    let drawn = Set((0..<1_000).map { _ in random.next(below: bound) })
    #expect(drawn == Set(0..<bound))
  }
}
