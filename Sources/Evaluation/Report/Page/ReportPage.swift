/// `report.html`: a single file without external resources.
struct ReportPage {
  let contents: RunContents
  /// Why pictures of kept patches are missing; nil if none is missing.
  let missingPictures: String?

  private struct Section {
    let identifier: String
    let title: String
    let content: String
  }

  var html: String {
    let sections = self.sections
    let title = "What pruning costs \(ForeignText.shortened(contents.description.model, most: 400))"
    let links = sections.map {
      Markup.element("li", [], Markup.element("a", [("href", "#\($0.identifier)")], ForeignText.html($0.title)))
    }
    let body = sections.map { section in
      let heading = Markup.element("h2", [("id", "\(section.identifier)-head")], ForeignText.html(section.title))
      return Markup.element(
        "section", [("id", section.identifier), ("aria-labelledby", "\(section.identifier)-head")],
        "\n\(heading)\n\(section.content)") + "\n"
    }
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
      <link rel="icon" href="data:,">
      <title>\(ForeignText.html(title))</title>
      <style>
      \(PageStyle.css)\(ChartStyle.css(root: ":root"))</style>
      </head>
      <body>
      <header>
      <h1>What pruning costs \(Markup.isolated(contents.description.model))</h1>
      \(unfinished)\(facts)<nav aria-label="Sections"><ul>\(links.joined())</ul></nav>
      </header>
      <main>
      \(body.joined())</main>
      <footer><p>\(ForeignText.html(footer))</p></footer>
      </body>
      </html>

      """
  }

  private var sections: [Section] {
    let tables = FigureTables(contents: contents)
    var sections = [
      Section(identifier: "retention-section", title: "Retained accuracy", content: retention),
      Section(identifier: "time-section", title: "Accuracy against time", content: time),
      Section(identifier: "figures", title: "Figures", content: tables.settings + notes + Self.method(contents)),
    ]
    if let categories = tables.categories {
      sections.append(Section(identifier: "categories", title: "By category", content: categories))
    }
    sections.append(Section(identifier: "wins", title: "Wins and losses", content: tables.winsAndLosses))
    if !contents.samples.isEmpty {
      let hasSome = contents.samples.contains { !$0.pictures.isEmpty }
      let missing =
        missingPictures.map {
          "<p>\(hasSome ? "Some" : "All") pictures of kept patches are missing: \(Markup.isolated($0)).</p>\n"
        } ?? ""
      sections.append(
        Section(
          identifier: "samples", title: "Sampled questions",
          content: missing
            + "<p>Questions on which settings differ most from the unpruned answers, and others drawn by chance."
            + (hasSome ? " Pictures show, for each strategy, the budget nearest to a quarter of the tokens." : "")
            + "</p>\n"
            + SampleSections(contents).html))
    }
    return sections
  }

  private var retention: String {
    guard let chart = RetentionChart(contents) else {
      return "<p>There is no curve: no setting prunes, or no unpruned answer is right.</p>\n"
    }
    let n = contents.statistics.n
    return "<p>Share of the unpruned accuracy that is left, over \(n) questions, with 95 % intervals. "
      + "The scale of tokens is logarithmic.</p>\n"
      + PageTable.scrolling(chart.svg(), label: "Chart of retained accuracy", kind: "scroll chart")
  }

  private var time: String {
    guard let chart = TimeChart(contents) else { return "<p>The rows hold no times.</p>\n" }
    return
      "<p>The broken line joins the settings that no other one beats in both. The time is that of encoding the image, "
      + "pruning, projecting and the prefill of the first question about it, on average over images.</p>\n"
      + PageTable.scrolling(chart.svg(), label: "Chart of accuracy against time", kind: "scroll chart")
  }

  private var unfinished: String {
    guard !contents.isFinished, let total = contents.description.rowCount else { return "" }
    return
      "<p class=\"notice\" role=\"note\">This run is not finished: \(contents.rowCount) of \(total) rows are there. "
      + "The figures are of the \(contents.statistics.n) questions that every setting has answered.</p>\n"
  }

  private var notes: String {
    contents.statistics.notes.map { "<p class=\"soft\">\(Markup.isolated($0))</p>\n" }.joined()
  }

  private var facts: String {
    let items = RunFacts.of(contents).map { name, value in
      "<div><dt>\(ForeignText.html(name))</dt><dd>\(Markup.isolated(value))</dd></div>\n"
    }
    return Markup.element("dl", [("class", "facts")], "\n" + items.joined()) + "\n"
  }

  private var footer: String {
    let description = contents.description
    let version = description.version.map { "vlmprune \($0)" } ?? "vlmprune"
    return "Rows by \(version)" + (description.commit.map { " (\($0))" } ?? "") + "."
  }

  private static func method(_ contents: RunContents) -> String {
    let options = contents.statistics.options
    return
      "<p class=\"soft\">Accuracy has Wilson’s interval. Retained is the accuracy divided by that of none on the same "
      + "questions, with the 2.5 % and 97.5 % points of \(options.replicates) paired resamples (seed \(options.seed)), "
      + "of questions or of images with all of their questions; the bound is the 5 % point over questions. p is "
      + "McNemar’s exact two-sided test, as it stands and with Holm’s correction over all settings.</p>\n"
  }
}
