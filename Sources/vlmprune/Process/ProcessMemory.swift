import CMalloc
import Foundation

/// Memory of this process and of the machine.
enum ProcessMemory {
  /// The largest resident size so far, in bytes.
  static var peakBytes: Int {
    var usage = rusage()
    guard getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else { return 0 }
    return Int(usage.ru_maxrss) * 1024
  }

  /// Workspaces of tens of megabytes come and go with every picture and answer: what one leaves, the next takes. The
  /// allocator would give them back and take them page by page again, thirty thousand pages a prompt. Larger blocks
  /// still go back, and what exceeds half a gigabyte at the heap's end.
  static func keepFreed() {
    // A C library that refuses the first would, after the second, give back more than it does by itself.
    guard mallopt(M_MMAP_THRESHOLD, 64 << 20) == 1 else { return }
    mallopt(M_TRIM_THRESHOLD, 512 << 20)
  }
}
