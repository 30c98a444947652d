import Testing

@testable import Serving

@Suite struct `Keys` {
  @Test
  func `open with the scheme in any case, and only whole`() throws {
    let keys = try #require(APIKeys(file: "first\n\n  second \r\n"))
    for good in ["Bearer first", "bearer second", "BEARER   first"] { #expect(keys.open(good), "\(good)") }
    for bad in [nil, "", "first", "Bearer", "Bearer ", "Bearer firs", "Bearer first2", "Basic first", "Bearer first x"] {
      #expect(!keys.open(bad), "\(bad ?? "nothing")")
    }
    #expect(APIKeys(file: " \n\n") == nil)
  }
}
