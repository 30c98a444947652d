import Kernels
import Pruning

/// What is known about the pictures of recent requests, by content, within a budget of bytes: features and evidence,
/// and what was sent of them lately. What was not used for longest goes first.
struct FeatureStore {
  /// What is known about one picture.
  struct Known {
    var features: FeatureCache
    /// The most recent last.
    var sent: [SentPicture] = []

    /// Arrays that two values share count once.
    var bytes: Int {
      var tally = ByteTally()
      for (picture, _) in features.parts + [features.whole].compactMap({ $0 }) { tally.add(picture) }
      for sent in sent { tally.add(sent.rows) }
      return tally.bytes
    }
  }

  private struct Entry {
    let known: Known
    let bytes: Int
    var used: UInt64
  }

  private let budget: Int
  private let expected: Evidence
  private let files: FeatureFiles?
  private var entries: [PictureIdentity: Entry] = [:]
  private var uses: UInt64 = 0
  /// Of all that is kept.
  private(set) var bytes = 0

  /// Settings of one picture whose rows are kept beside its features.
  private static let mostSent = 4

  /// - Parameters:
  ///   - expected: evidence that is collected when a picture is first encoded.
  ///   - files: where features are kept between runs.
  init(bytes: Int, expected: Evidence, files: FeatureFiles?) {
    budget = bytes
    self.expected = expected
    self.files = files
  }

  /// What is known about a picture; empty if nothing is.
  mutating func known(_ identity: PictureIdentity) -> Known {
    if let entry = entries[identity] { return entry.known }
    return Known(features: FeatureCache(expecting: expected, whole: files?.read(identity)))
  }

  /// Keeps what is known about a picture now, and drops others where there is no room.
  mutating func keep(_ identity: PictureIdentity, _ known: Known, sending sent: SentPicture) {
    if known.features.encodings > (entries[identity]?.known.features.encodings ?? 0), let whole = known.features.whole {
      files?.write(identity, whole)
    }
    var known = known
    known.sent = known.sent.filter { $0.key != sent.key }.suffix(Self.mostSent - 1) + [sent]
    remove(identity)
    let size = known.bytes
    guard size <= budget else { return }
    while bytes + size > budget, let oldest = entries.min(by: { $0.value.used < $1.value.used })?.key {
      remove(oldest)
    }
    uses += 1
    entries[identity] = Entry(known: known, bytes: size, used: uses)
    bytes += size
  }

  private mutating func remove(_ identity: PictureIdentity) {
    guard let entry = entries.removeValue(forKey: identity) else { return }
    bytes -= entry.bytes
  }
}

/// Sums the memory of tensors, each array once.
private struct ByteTally {
  private(set) var bytes = 0
  private var seen: Set<UnsafeRawPointer> = []

  mutating func add(_ picture: EncodedPicture) {
    for matrix in picture.features + (picture.projected ?? []) { add(matrix.values) }
    if let classTokens = picture.classTokens { add(classTokens.values) }
    for value in picture.evidence.flatMap(\.values) {
      switch value {
      case .matrix(let matrix): add(matrix.values)
      case .vector(let values): add(values)
      case .means(let means):
        add(means.received)
        add(means.given)
      }
    }
  }

  mutating func add(_ rows: VisualRows) {
    for matrix in rows.levels + [rows.rows] { add(matrix.values) }
    add(rows.originalPlaces)
    // A plan has a few words for each row and for each of its sources.
    bytes += rows.plan.views.reduce(0) { $0 + 8 * $1.sources.count } + 32 * rows.rows.rows
  }

  private mutating func add<Element>(_ values: [Element]) {
    values.withUnsafeBytes { memory in
      guard let start = memory.baseAddress, seen.insert(start).inserted else { return }
      bytes += memory.count
    }
  }
}
