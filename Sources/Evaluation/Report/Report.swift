/// A run's report, as files.
public struct Report: Sendable {
  public struct File: Sendable {
    public let name: String
    public let bytes: [UInt8]
  }

  /// A page is at most 5 MB; what pictures may take of it, in base 64.
  private static let mostPictureBytes = 3_500_000

  private let contents: RunContents
  private let missingPictures: String?

  /// - Parameter missingPictures: why samples lack pictures; nil where none is missing.
  public init(_ contents: RunContents, missingPictures: String?) {
    var contents = contents
    var missing = missingPictures
    var bytes = 0
    for index in contents.samples.indices {
      // A question's pictures stand side by side: all of them or none.
      bytes += contents.samples[index].pictures.reduce(0) { $0 + $1.png.count } * 4 / 3
      guard bytes > Self.mostPictureBytes else { continue }
      contents.samples[index].pictures = []
      missing = missing ?? "with them the page would be too large"
    }
    self.contents = contents
    self.missingPictures = missing
  }

  /// `report.html` comes last: once it exists, the files that it links to exist. Only finished runs have `results.csv`.
  public var files: [File] {
    var files = [("summary.md", ReportSummary(contents: contents).markdown)]
    if let chart = RetentionChart(contents) { files.append(("retention.svg", chart.svg(style: ChartStyle.alone))) }
    if let chart = TimeChart(contents) { files.append(("time.svg", chart.svg(style: ChartStyle.alone))) }
    if contents.isFinished { files.append(("results.csv", contents.statistics.csv())) }
    files.append(("report.html", ReportPage(contents: contents, missingPictures: missingPictures).html))
    return files.map { File(name: $0.0, bytes: Array($0.1.utf8)) }
  }
}
