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
      facts.append("right: \(sample.answers.prefix(3).map(Markup.isolated).joined(separator: ", "))")
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
          ("alt", "Patches of \(sample.image ?? "the image") that \(name) \(kept): the others are dark."),
        ])
      let caption = "\(Markup.isolated(name)) · \(kept)" + (reply.map { "<br>" + Self.judged($0) } ?? "")
      return Markup.element("figure", [], image + Markup.element("figcaption", [], caption)) + "\n"
    }
    return Markup.element("div", [("class", "pictures")], "\n" + figures.joined()) + "\n"
  }

  private func replies(_ sample: SampledQuestion) -> String {
    var table = PageTable(
      caption: "Answers to question \(sample.identifier)", head: ["Strategy", "Keep", "Answer", "Grade"],
      textColumns: [0, 1, 2])
    for reply in sample.replies {
      let row = contents.statistics.rows[reply.setting]
      table.add(
        names[row.strategy],
        [
          .text(row.keep), .long(Self.shortened(reply.error.map { "error: \($0)" } ?? reply.text ?? "")),
          Self.grade(reply),
        ])
    }
    return table.html
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
    let answer = shortened(reply.error.map { "error: \($0)" } ?? reply.text ?? "", most: 60)
    return Markup.element("span", [("class", kind)], "\(reply.grade == 1 ? "✓" : "✗") \(Markup.isolated(answer))")
  }

  private static func shortened(_ text: String, most: Int = 400) -> String {
    text.count <= most ? text : "\(text.prefix(most - 1))…"
  }
}
