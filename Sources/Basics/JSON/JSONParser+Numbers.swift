extension JSONParser {
  /// Reads a number: an integer where it is written as one and fits, else the nearest double.
  mutating func parseNumber() throws(JSONError) {
    let start = position
    let isNegative = current == UInt8(ascii: "-")
    if isNegative { position += 1 }
    let digits = position
    try skipDigits()
    guard text[digits] != UInt8(ascii: "0") || position == digits + 1 else {
      throw .syntax("a number must not begin with 0", offset: digits)
    }
    var isInteger = true
    if current == UInt8(ascii: ".") {
      isInteger = false
      position += 1
      try skipDigits()
    }
    if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
      isInteger = false
      position += 1
      if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { position += 1 }
      try skipDigits()
    }
    if isInteger, let value = integer(digits..<position, isNegative: isNegative) {
      append(JSONNode(kind: .integer, payload: UInt64(UInt(bitPattern: value))))
      return
    }
    guard let value = Double(String(decoding: text[start..<position], as: UTF8.self)), value.isFinite else {
      throw .numberOutOfRange(offset: start)
    }
    append(JSONNode(kind: .number, payload: value.bitPattern))
  }

  private mutating func skipDigits() throws(JSONError) {
    let start = position
    while position < text.count, text[position] &- UInt8(ascii: "0") < 10 { position += 1 }
    guard position > start else { throw unexpected("expected a digit") }
  }

  /// The value of a run of digits; nil where it does not fit. Built downwards for negative ones: `Int.min` has no
  /// positive counterpart.
  private func integer(_ digits: Range<Int>, isNegative: Bool) -> Int? {
    var value = 0
    for index in digits {
      let digit = Int(text[index] - UInt8(ascii: "0"))
      let (product, tooLarge) = value.multipliedReportingOverflow(by: 10)
      let (sum, carried) =
        isNegative ? product.subtractingReportingOverflow(digit) : product.addingReportingOverflow(digit)
      if tooLarge || carried { return nil }
      value = sum
    }
    return value
  }
}
