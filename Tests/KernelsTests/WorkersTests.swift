import Foundation
import Kernels
import Synchronization
import Testing

@Suite struct `Several workers` {
  @Test(arguments: [0, 1, 2, 31, 1000], [1, 2, 5])
  func `do each item once`(items: Int, workers: Int) {
    let counts = Mutex([Int](repeating: 0, count: items))
    Workers(count: workers).forEach(items) { item in counts.withLock { $0[item] += 1 } }
    #expect(counts.withLock { $0.allSatisfy { $0 == 1 } })
  }

  /// There is one team a process: whoever finds it taken works alone.
  @Test func `may be asked from inside their own work, and by several threads at once`() async {
    let workers = Workers(count: 3)
    await withTaskGroup(of: Int.self) { group in
      for _ in 0..<8 {
        group.addTask {
          let sum = Atomic<Int>(0)
          for _ in 0..<50 {
            workers.forEach(7) { outer in
              workers.forEach(5) { inner in sum.add(outer * 5 + inner, ordering: .relaxed) }
            }
          }
          return sum.load(ordering: .relaxed)
        }
      }
      for await sum in group { #expect(sum == 50 * 34 * 35 / 2) }
    }
  }

  /// Helpers sleep between calls that lie apart, and are woken; soon after a call they are awake. Two items that wait
  /// for each other both see the other only where two threads work. Other tests may have the team: then this one tries
  /// again.
  @Test(arguments: [0, 1_000, 5_000])
  func `wake their helpers`(pause: Int) {
    func meet() -> Bool {
      let arrived = Atomic<Int>(0)
      let met = Atomic<Int>(0)
      Workers(count: 2).forEach(2) { _ in
        arrived.add(1, ordering: .relaxed)
        for _ in 0..<2_000 where arrived.load(ordering: .relaxed) == 1 { sched_yield() }
        if arrived.load(ordering: .relaxed) == 2 { met.add(1, ordering: .relaxed) }
      }
      return met.load(ordering: .relaxed) == 2
    }
    let clock = ContinuousClock()
    let tries = (0..<200).lazy.map { _ -> Bool in
      let end = clock.now + .microseconds(pause)
      while clock.now < end { sched_yield() }
      return meet()
    }
    #expect(tries.contains(true))
  }

  @Test(arguments: [0, 1, 15, 16, 17, 100, 1001], [1, 2, 5])
  func `get disjoint ranges in whole grains that cover everything`(total: Int, workers: Int) {
    let found = Mutex([Range<Int>]())
    Workers(count: workers).forEachRange(of: total, grain: 16) { range in found.withLock { $0.append(range) } }
    let ranges = found.withLock { $0 }.sorted { $0.lowerBound < $1.lowerBound }
    #expect(ranges.flatMap { Array($0) } == Array(0..<total))
    #expect(ranges.dropLast().allSatisfy { $0.count % 16 == 0 } && ranges.count <= workers)
  }
}
