import CKernels
import Foundation

/// The instruction sets that our own products are written for, each including those before it.
public enum InstructionSet: String, Sendable, Hashable, CaseIterable, Comparable {
  /// What every CPU has: oneDNN multiplies, or OpenBLAS on widened weights.
  case baseline
  /// AVX2 and FMA: int8 exactly, bfloat16 widened to Float32.
  case avx2
  /// AVX-512 with VNNI: int8.
  case avx512
  /// AVX-512 with VNNI and BF16: bfloat16 too, and attention in it.
  case avx512bf16

  /// The environment variable that caps the instruction set, so that every path can be tested and timed on one machine.
  /// Our own products, attention and oneDNN obey it. OpenBLAS has `OPENBLAS_CORETYPE` for that, and elementwise loops
  /// are chosen by the loader.
  public static let variable = "VLMPRUNE_CPU"

  /// What products use on this CPU: the best, or less if the environment says so. A value that names no set caps
  /// nothing; `requested` tells.
  public static let current = min(best, requested.flatMap(InstructionSet.init) ?? best)

  /// The best that this CPU has.
  public static var best: InstructionSet {
    switch cv_cpu_instructions() {
    case CV_AVX512_BF16: .avx512bf16
    case CV_AVX512: .avx512
    case CV_AVX2: .avx2
    default: .baseline
    }
  }

  /// The value of `variable`; nil where it is absent or empty.
  public static var requested: String? {
    ProcessInfo.processInfo.environment[variable].flatMap { $0.isEmpty ? nil : $0 }
  }

  public static func < (first: InstructionSet, second: InstructionSet) -> Bool { first.rank < second.rank }

  private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
