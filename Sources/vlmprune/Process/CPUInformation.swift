import Foundation

/// What Linux says about the processor: its name, and the features that decide which code runs.
struct CPUInformation {
  let name: String
  let features: [String]

  private static let relevant = [
    "sse4_2", "avx", "f16c", "fma", "avx2", "avx512f", "avx512bw", "avx512_vnni", "avx512_bf16", "avx_vnni",
    "amx_bf16", "amx_int8", "asimd", "asimddp", "bf16", "i8mm",
  ]

  init() {
    let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    func field(_ names: [String]) -> String? {
      text.split(separator: "\n").first { line in names.contains { line.hasPrefix($0) } }
        .flatMap { $0.split(separator: ":", maxSplits: 1).last }
        .map { $0.trimmingCharacters(in: .whitespaces) }
    }
    name = field(["model name", "CPU implementer"]) ?? "unknown"
    let flags = Set((field(["flags", "Features"]) ?? "").split(separator: " ").map(String.init))
    features = Self.relevant.filter(flags.contains)
  }
}
