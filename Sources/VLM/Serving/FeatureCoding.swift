import Kernels
import Pruning

/// Puts a picture's features and evidence into bytes, little-endian.
struct FeatureWriter {
  private(set) var bytes: [UInt8] = []

  mutating func add(_ number: Int) {
    withUnsafeBytes(of: Int64(number).littleEndian) { bytes += $0 }
  }

  mutating func add(_ text: String) {
    add(text.utf8.count)
    bytes += text.utf8
  }

  mutating func add(_ matrix: Matrix) {
    add(matrix.rows)
    add(matrix.columns)
    matrix.values.withUnsafeBytes { bytes += $0 }
  }

  mutating func add(_ matrices: [Matrix]) {
    add(matrices.count)
    for matrix in matrices { add(matrix) }
  }

  private mutating func add(_ values: [Double]) {
    add(values.count)
    values.withUnsafeBytes { bytes += $0 }
  }

  /// - Parameter picture: whole.
  mutating func add(_ picture: EncodedPicture, _ evidence: Evidence) {
    precondition(picture.tokens == nil, "only whole pictures are kept")
    // Of more than one spelling of the same kinds there is one order.
    let kinds = evidence.kinds.map { (EvidenceSpelling.text(of: $0), $0) }.sorted { $0.0 < $1.0 }
    add(kinds.count)
    for (text, _) in kinds { add(text) }
    add(picture.features)
    add(picture.classTokens.map { [$0] } ?? [])
    add(picture.projected ?? [])
    add(picture.evidence.count)
    for view in picture.evidence {
      for (_, kind) in kinds { add(view[kind]) }
    }
  }

  private mutating func add(_ value: EvidenceValue?) {
    switch value {
    case nil: add(0)
    case .matrix(let matrix):
      add(1)
      add(matrix)
    case .vector(let values):
      add(2)
      add(values)
    case .means(let means):
      add(3)
      add(means.received)
      add(means.given)
    }
  }
}

/// Reads what `FeatureWriter` wrote. Nothing is taken on trust: every length is held against what is left.
struct FeatureReader {
  private let bytes: [UInt8]
  private var place = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  private mutating func take(_ count: Int) throws(FeatureFileError) -> Range<Int> {
    guard count >= 0, count <= bytes.count - place else { throw .damaged }
    defer { place += count }
    return place..<place + count
  }

  mutating func number() throws(FeatureFileError) -> Int {
    let range = try take(8)
    let word = bytes[range].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return Int(Int64(bitPattern: word))
  }

  /// A number of things, each of which takes at least one byte.
  private mutating func count() throws(FeatureFileError) -> Int {
    let count = try number()
    guard (0...bytes.count - place).contains(count) else { throw .damaged }
    return count
  }

  mutating func text() throws(FeatureFileError) -> String {
    String(decoding: bytes[try take(try count())], as: UTF8.self)
  }

  private mutating func values<Element: BitwiseCopyable>(
    _ count: Int, of type: Element.Type
  ) throws(FeatureFileError) -> [Element] {
    let (size, overflows) = count.multipliedReportingOverflow(by: MemoryLayout<Element>.stride)
    guard !overflows else { throw .damaged }
    let range = try take(size)
    return [Element](unsafeUninitializedCapacity: count) { memory, filled in
      UnsafeMutableRawBufferPointer(memory).copyBytes(from: bytes[range])
      filled = count
    }
  }

  private mutating func matrix() throws(FeatureFileError) -> Matrix {
    let (rows, columns) = (try number(), try number())
    let (count, overflows) = rows.multipliedReportingOverflow(by: columns)
    guard rows >= 0, columns >= 0, !overflows else { throw .damaged }
    return Matrix(rows: rows, columns: columns, values: try values(count, of: Float.self))
  }

  private mutating func matrices() throws(FeatureFileError) -> [Matrix] {
    var matrices: [Matrix] = []
    for _ in 0..<(try count()) { matrices.append(try matrix()) }
    return matrices
  }

  private mutating func doubles() throws(FeatureFileError) -> [Double] {
    try values(try count(), of: Double.self)
  }

  private mutating func evidence() throws(FeatureFileError) -> EvidenceValue? {
    switch try number() {
    case 0: return nil
    case 1: return .matrix(try matrix())
    case 2: return .vector(try doubles())
    case 3:
      let (received, given) = (try doubles(), try doubles())
      guard received.count == given.count else { throw .damaged }
      return .means(PatchMeans(received: received, given: given))
    default: throw .damaged
    }
  }

  mutating func picture() throws(FeatureFileError) -> (picture: EncodedPicture, evidence: Evidence) {
    var kinds: [EvidenceKind] = []
    for _ in 0..<(try count()) {
      guard let kind = EvidenceSpelling.kind(try text()) else { throw .damaged }
      kinds.append(kind)
    }
    let (features, classTokens, projected) = (try matrices(), try matrices(), try matrices())
    var views: [ViewEvidence] = []
    for _ in 0..<(try count()) {
      var view: ViewEvidence = [:]
      for kind in kinds { view[kind] = try evidence() }
      views.append(view)
    }
    guard place == bytes.count, views.count == features.count, classTokens.count <= 1 else { throw .damaged }
    let encoded = EncodedPicture(
      tokens: nil, features: features, classTokens: classTokens.first,
      projected: projected.isEmpty ? nil : projected, evidence: views)
    return (encoded, Evidence(kinds))
  }
}
