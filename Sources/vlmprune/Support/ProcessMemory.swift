import Foundation

/// Memory of this process and of the machine.
enum ProcessMemory {
  /// The largest resident size so far, in bytes.
  static var peakBytes: Int {
    var usage = rusage()
    guard getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else { return 0 }
    return Int(usage.ru_maxrss) * 1024
  }
}
