extension JSONReader {
  /// An integer in `range`.
  public func integer(_ key: String, default fallback: Int, in range: ClosedRange<Int>) throws(Failure) -> Int {
    guard let found = present(key) else { return fallback }
    guard let number = found.integer, range.contains(number) else {
      throw unusable(key, found, "an integer from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  /// An integer in `range`, or none where the file says null.
  public func optionalInteger(
    _ key: String, default fallback: Int?, in range: ClosedRange<Int>
  ) throws(Failure) -> Int? {
    if has(key) { return try integer(key, default: 0, in: range) }
    return isNull(key) ? nil : fallback
  }

  /// The first of several spellings that is present.
  public func integer(
    _ keys: [String], default fallback: Int, in range: ClosedRange<Int>
  ) throws(Failure) -> Int {
    for key in keys where has(key) { return try integer(key, default: fallback, in: range) }
    return fallback
  }

  /// A finite number above `minimum`.
  public func number(_ key: String, default fallback: Double, above minimum: Double = 0) throws(Failure) -> Double {
    guard let found = present(key) else { return fallback }
    guard let number = found.number, number > minimum, number.isFinite else {
      throw unusable(key, found, "a number above \(minimum)")
    }
    return number
  }

  /// A number above zero that is used in single precision, where it must be neither zero nor infinite.
  public func singleNumber(_ key: String, default fallback: Double) throws(Failure) -> Double {
    let number = try number(key, default: fallback)
    guard Float(number).isNormal else {
      throw error(key, found: "\(number)", expected: "a number above 0 within the range of single precision")
    }
    return number
  }

  /// True or false.
  public func boolean(_ key: String, default fallback: Bool) throws(Failure) -> Bool {
    guard let found = present(key) else { return fallback }
    guard let boolean = found.boolean else { throw unusable(key, found, "true or false") }
    return boolean
  }

  /// A string.
  public func string(_ key: String, default fallback: String) throws(Failure) -> String {
    guard let found = present(key) else { return fallback }
    guard let string = found.string else { throw unusable(key, found, "a string") }
    return string
  }

  /// An integer, or a list of them.
  public func integers(_ key: String, default fallback: [Int]) throws(Failure) -> [Int] {
    guard let found = present(key) else { return fallback }
    if let single = found.integer { return [single] }
    let list = found.elements.map { $0.map(\.integer) } ?? []
    let numbers = list.compactMap { $0 }
    guard !numbers.isEmpty, numbers.count == list.count else {
      throw unusable(key, found, "an integer or a list of them")
    }
    return numbers
  }

  /// A list of lists of integers.
  public func lists(_ key: String, default fallback: [[Int]]) throws(Failure) -> [[Int]] {
    guard let found = present(key) else { return fallback }
    let lists = found.elements?.map { list in list.elements.map { $0.map(\.integer) } ?? [] } ?? []
    let numbers = lists.map { $0.compactMap { $0 } }
    guard !numbers.isEmpty, zip(lists, numbers).allSatisfy({ $0.count == $1.count && !$1.isEmpty }) else {
      throw unusable(key, found, "a list of lists of integers")
    }
    return numbers
  }
}
