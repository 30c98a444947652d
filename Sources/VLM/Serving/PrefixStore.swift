import Kernels

/// Keys and values of beginnings of prompts, by content, within a budget of bytes: blocks of positions in a tree, so
/// that prompts share the blocks of what they have in common. A block is counted by those that follow it, and goes when
/// none does and it was not used for longest.
///
/// A new answer copies what it can use: it reads the copy at every token, and to copy a position costs a thousandth of
/// running it. Only what a prefill computed is here: the numbers of an answer's own tokens are those of single steps.
struct PrefixStore {
  private final class Block {
    let parent: Int
    let codes: [Int]
    let positions: [Position]
    /// As `KeyValueCache.values`.
    let values: [Float]
    var followers = 0
    var used: UInt64

    init(parent: Int, codes: [Int], positions: [Position], values: [Float], used: UInt64) {
      self.parent = parent
      self.codes = codes
      self.positions = positions
      self.values = values
      self.used = used
    }

    var bytes: Int { values.count * 4 + codes.count * (8 + MemoryLayout<Position>.stride) + 128 }
  }

  /// Where blocks that begin with an item hang.
  private struct Place: Hashable {
    let parent: Int
    let first: Int
  }

  /// What a visual row is, beside its number.
  private struct Sent: Hashable {
    let picture: PictureIdentity
    let key: VisualKey
  }

  private let budget: Int
  private var blocks: [Int: Block] = [:]
  private var places: [Place: [Int]] = [:]
  private var numbers: [Sent: Int] = [:]
  /// Of blocks, pictures and uses.
  private var next = (block: 1, picture: 0, use: UInt64(0))
  /// Of all blocks.
  private(set) var bytes = 0

  /// Positions of a block, and blocks that are kept at most: to find the oldest one must not take long.
  private static let (length, most) = (32, 4096)
  /// Pictures that have a number. One that has lost it gets another, and what was kept of it is of no use any more.
  private static let mostPictures = 4096

  init(bytes: Int) { budget = bytes }

  /// A prompt's items as numbers: equal numbers at equal positions, after equal beginnings, have equal keys and values.
  /// - Parameter pictures: of the prompt, in order.
  mutating func codes(of prompt: PromptSequence, pictures: [PictureIdentity]) -> [Int] {
    var codes = prompt.items.map { if case .token(let token) = $0 { token } else { -1 } }
    for span in prompt.spans {
      guard case .visual(let key, _) = prompt.items[span.rows.lowerBound] else { continue }
      let number = number(of: Sent(picture: pictures[span.picture], key: key))
      for (place, row) in zip(span.rows, span.ofPicture) { codes[place] = -1 - (number << 24 | row) }
    }
    return codes
  }

  private mutating func number(of sent: Sent) -> Int {
    if let number = numbers[sent] { return number }
    if numbers.count >= Self.mostPictures { numbers = [:] }
    next.picture += 1
    numbers[sent] = next.picture
    return next.picture
  }

  /// Fills an empty cache with as much of a prompt's beginning as is here.
  /// - Parameter most: positions to fill at most.
  /// - Returns: how many positions the cache holds.
  mutating func restore(_ codes: [Int], positions: [Position], most: Int, into cache: inout KeyValueCache) -> Int {
    next.use += 1
    var (done, parent) = (0, 0)
    while done < most, let (number, block, shared) = longest(after: parent, codes, positions, from: done) {
      block.used = next.use
      let count = min(shared, most - done)
      cache.append(block.values, of: block.codes.count, first: count)
      done += count
      if count < block.codes.count { break }
      parent = number
    }
    return done
  }

  /// The block after `parent` that has most in common with the items from `start` on.
  private func longest(
    after parent: Int, _ codes: [Int], _ positions: [Position], from start: Int
  ) -> (number: Int, block: Block, shared: Int)? {
    guard start < codes.count else { return nil }
    var best: (number: Int, block: Block, shared: Int)?
    for number in places[Place(parent: parent, first: codes[start])] ?? [] {
      guard let block = blocks[number] else { continue }
      let limit = min(block.codes.count, codes.count - start)
      let shared = (0..<limit).prefix {
        block.codes[$0] == codes[start + $0] && block.positions[$0] == positions[start + $0]
      }.count
      if shared > best?.shared ?? 0 { best = (number, block, shared) }
    }
    return best
  }

  /// Keeps a prompt that has just run.
  /// - Parameters:
  ///   - boundary: where a block ends in any case, so that what follows there shares what precedes.
  ///   - cache: holds the prompt in every layer.
  mutating func keep(
    _ codes: [Int], positions: [Position], cutAt boundary: Int, from cache: borrowing KeyValueCache
  ) {
    next.use += 1
    var (done, parent) = (0, 0)
    while done < codes.count {
      if let (number, block, shared) = longest(after: parent, codes, positions, from: done),
        shared == block.codes.count
      {
        block.used = next.use
        (done, parent) = (done + shared, number)
        continue
      }
      let end = min(done + Self.length, done < boundary ? boundary : codes.count)
      let block = Block(
        parent: parent, codes: Array(codes[done..<end]), positions: Array(positions[done..<end]),
        values: cache.values(done..<end), used: next.use)
      guard makeRoom(for: block.bytes, after: parent) else { return }
      parent = insert(block)
      done = end
    }
  }

  private mutating func insert(_ block: Block) -> Int {
    let number = next.block
    next.block += 1
    blocks[number] = block
    places[Place(parent: block.parent, first: block.codes[0]), default: []].append(number)
    blocks[block.parent]?.followers += 1
    bytes += block.bytes
    return number
  }

  /// Drops the oldest blocks that none follows, but none of the prompt that is being kept.
  /// - Returns: whether there is room for `size` bytes.
  private mutating func makeRoom(for size: Int, after parent: Int) -> Bool {
    while bytes + size > budget || blocks.count >= Self.most {
      let free = blocks.filter { $0.value.followers == 0 && $0.value.used < next.use && $0.key != parent }
      guard let oldest = free.min(by: { ($0.value.used, $0.key) < ($1.value.used, $1.key) }) else { return false }
      remove(oldest.key, oldest.value)
    }
    return true
  }

  private mutating func remove(_ number: Int, _ block: Block) {
    blocks[number] = nil
    let place = Place(parent: block.parent, first: block.codes[0])
    places[place]?.removeAll { $0 == number }
    if places[place]?.isEmpty == true { places[place] = nil }
    blocks[block.parent]?.followers -= 1
    bytes -= block.bytes
  }
}
