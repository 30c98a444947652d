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

  /// Makes the allocator keep freed memory. Workspaces of tens of megabytes come and go with every picture and answer;
  /// the allocator would return them and take them again page by page, thirty thousand pages per prompt. Larger blocks
  /// are still returned, and so is what exceeds half a gigabyte at the heap's end.
  static func keepFreed() {
    // A C library that refuses the first setting would, after the second, return more than it does by default.
    guard mallopt(M_MMAP_THRESHOLD, 64 << 20) == 1 else { return }
    mallopt(M_TRIM_THRESHOLD, 512 << 20)
  }

  /// Makes all threads allocate from one heap. Each thread would have one of its own otherwise, and of those nothing is
  /// given back. Called before other threads allocate.
  static func shareHeap() { mallopt(M_ARENA_MAX, 1) }

  /// Gives what was freed and kept back to the operating system.
  static func returnFreed() { malloc_trim(0) }
}
