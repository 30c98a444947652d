import Foundation

/// The sampled questions: what each setting answered, and which patches it kept.
struct SampleSections {
  let contents: RunContents
  private let names: StrategyNames

  init(_ contents: RunContents) {
    self.contents = contents
    names = StrategyNames(contents.statistics.rows.map(\.strategy))
  }

  var html: String { contents.samples.map(section).joined() }

  private func section(_ sample: SampledQuestion) -> String {
    let title = sample.text.map { Markup.isolated($0) } ?? "Question \(Markup.isolated(sample.identifier.description))"
    var facts = ["Question \(Markup.isolated(sample.identifier.description))"]
    if let image = sample.image { facts.append("image \(Markup.isolated(image))") }
    if let category = sample.category { facts.append("category \(Markup.isolated(category))") }
    if !sample.answers.isEmpty {
      facts.append("right: \(sample.answers.prefix(3).map { Markup.isolated($0) }.joined(separator: ", "))")
    }
    return Markup.element("h3", [], title) + "\n"
      + Markup.element("p", [("class", "soft")], facts.joined(separator: " · "))
      + "\n" + pictures(sample) + replies(sample)
  }

  private func pictures(_ sample: SampledQuestion) -> String {
    guard !sample.pictures.isEmpty else { return "" }
    let figures = sample.pictures.map { picture in
      let row = contents.statistics.rows[picture.setting]
      let name = "\(names[row.strategy]) \(row.keep)"
      let kept = "kept \(picture.kept) of \(picture.visualTokens)"
      let reply = sample.replies.first { $0.setting == picture.setting }
      let image = Markup.void(
        "img",
        [
          ("src", "data:image/png;base64,\(Data(picture.png).base64EncodedString())"), ("width", "\(picture.width)"),
          ("height", "\(picture.height)"),
          ("alt", "Patches of \(Self.imageName(sample)) that \(name) \(kept): the others are dark."),
        ])
      let caption = "\(Markup.isolated(name)) · \(kept)" + (reply.map { "<br>" + Self.judged($0) } ?? "")
      return Markup.element("figure", [], image + Markup.element("figcaption", [], caption)) + "\n"
    }
    return Markup.element("div", [("class", "pictures")], "\n" + figures.joined()) + "\n"
  }

  private func replies(_ sample: SampledQuestion) -> String {
    var table = PageTable(
      caption: "Answers to question \(ForeignText.shortened("\(sample.identifier)", most: 100))",
      head: ["Strategy", "Keep", "Answer", "Grade"],
      textColumns: [0, 1, 2])
    for reply in sample.replies {
      let row = contents.statistics.rows[reply.setting]
      table.add(
        names[row.strategy],
        [
          .text(row.keep), .long(Self.answer(reply)), Self.grade(reply),
        ])
    }
    // A row for each setting: as much as all the rest of the page where it is open.
    let summary = Markup.element("summary", [], "Answers of all \(sample.replies.count) settings")
    return Markup.element("details", [], "\n\(summary)\n\(table.html)") + "\n"
  }

  private static func grade(_ reply: SampledQuestion.Reply) -> PageTable.Cell {
    switch reply.grade {
    case 1: .markup(Markup.element("span", [("class", "good")], "right"))
    case 0: .markup(Markup.element("span", [("class", "bad")], "wrong"))
    default: .number(Figure.exact(reply.grade))
    }
  }

  private static func judged(_ reply: SampledQuestion.Reply) -> String {
    let kind = reply.grade == 1 ? "good" : "bad"
    let answer = Markup.isolated(answer(reply), most: 60)
    return Markup.element("span", [("class", kind)], "\(reply.grade == 1 ? "✓" : "✗") \(answer)")
  }

  private static func answer(_ reply: SampledQuestion.Reply) -> String {
    reply.error.map { "error: \($0)" } ?? reply.text ?? ""
  }

  private static func imageName(_ sample: SampledQuestion) -> String {
    sample.image.map { ForeignText.shortened($0, most: 100) } ?? "the image"
  }
}
