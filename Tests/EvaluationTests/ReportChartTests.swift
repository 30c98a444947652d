import Testing

@testable import Evaluation

@Suite
struct `Parts of a report` {
  @Test
  func `marks of a scale are round and hold all values`() {
    for (low, high) in [(0.412, 1.034), (0, 417.3), (0.9, 0.9), (0, 0), (0.951, 0.957)] {
      let (range, step) = ChartScale.round(low, high, marks: 8)
      #expect(range.lowerBound <= low + 1e-9 && range.upperBound >= high - 1e-9, "\(low)…\(high): \(range)")
      let marks = ChartScale.marks(range, step: step)
      #expect((2...11).contains(marks.count), "\(marks)")
    }
    #expect(ChartScale.round(0.412, 1.034, marks: 8).step == 0.1)
  }

  @Test
  func `labels keep their distance, their order and the range`() {
    let places = LabelPlaces.apart([50, 50, 52, 10, 99], gap: 10, within: 0...100)
    let sorted = places.sorted()
    #expect(zip(sorted, sorted.dropFirst()).allSatisfy { $1 - $0 >= 10 - 1e-9 })
    #expect(sorted[0] >= 0 && sorted[4] <= 100)
    #expect(places[3] == 10 && places[0] < places[1] && places[1] < places[2])
  }

  @Test
  func `the front is what no other setting beats in both`() {
    let front = TimeChart.front([(400, 0.95), (200, 0.9), (210, 0.9), (100, 0.5), (90, 0.6), (500, 0.95)])
    #expect(front == [0, 1, 4])
  }

  @Test
  func `a strategy is called by what tells it from the others`() {
    let names = StrategyNames([
      "none", "hiprune(alpha=0.1, object=2)", "hiprune(alpha=0.2, object=2)", "fastervlm(layer=22)",
      String(repeating: "long", count: 20) + "1", String(repeating: "long", count: 20) + "2",
    ])
    #expect(names["hiprune(alpha=0.1, object=2)"] == "hiprune(alpha=0.1)")
    #expect(names["hiprune(alpha=0.2, object=2)"] == "hiprune(alpha=0.2)")
    #expect(names["fastervlm(layer=22)"] == "fastervlm")
    let long = [1, 2].map { names[String(repeating: "long", count: 20) + "\($0)"] }
    #expect(long[0] != long[1] && long.allSatisfy { $0.count < 48 })
  }

  /// A sweep pays the encoding once an image and the image's prefill once a setting.
  @Test
  func `time to the first token counts an image's encoding for every setting`() throws {
    var builder = GradedRunBuilder(file: "a")
    for (question, image) in [(0, "a"), (1, "a"), (2, "b")] {
      for (strategy, prefill) in [("none", 80.0), ("fopru", 20.0)] {
        let isFirst = question != 1
        try builder.add(
          RunRow(
            question: .number(question), image: image, strategy: strategy, keep: "x", correct: 1,
            times: [
              "encode_ms": strategy == "none" && isFirst ? 100 : 0, "prune_ms": isFirst && strategy != "none" ? 1 : 0,
              "prefill_ms": isFirst ? prefill : 3, "decode_ms": 50,
            ]), line: 1)
      }
    }
    #expect(FirstTokenTimes.of(try builder.run()) == [180, 121])
  }

  @Test
  func `foreign text is data wherever it is shown`() {
    let text = "<b onclick='x'>&\"\u{202E}\u{0}\u{1B}[31m\n| `a` [l](http://x)"
    let html = ForeignText.html(text)
    #expect(html == "&lt;b onclick=&#39;x&#39;&gt;&amp;&quot;⟨U+202E⟩⟨U+0⟩⟨U+1B⟩[31m | `a` [l](http://x)")
    let markdown = ForeignText.markdown(text)
    #expect(markdown.hasPrefix("&lt;b onclick=") && markdown.hasSuffix(#"\| \`a\` \[l\](http&#58;//x)"#))
    #expect(!markdown.contains("\n") && !markdown.contains("\u{1B}"))
  }

  @Test(arguments: [
    ("plain", "plain"), ("=1+1", "'=1+1"), ("+1", "'+1"), ("-1", "'-1"), ("@a", "'@a"), ("\t=1", "'\t=1"),
    ("\r=1", "\"'\r=1\""), ("a,b", "\"a,b\""), ("a \"b\"", "\"a \"\"b\"\"\""), ("=a,\"b", "\"'=a,\"\"b\""),
    ("a\r\nb", "\"a\r\nb\""), ("", ""), ("a=1", "a=1"),
  ])
  func `fields of CSV are quoted, and formulas are texts`(text: String, field: String) {
    #expect(ForeignText.csv(text) == field)
  }
}
