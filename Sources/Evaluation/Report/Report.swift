/// A run's report, as a list of files.
public struct Report: Sendable {
  public struct File: Sendable {
    public let name: String
    public let bytes: [UInt8]
  }

  /// A page may have 5 MB; this is the pictures' share of it, in base 64.
  private static let mostPictureBytes = 3_500_000

  private let contents: RunContents
  private let missingPictures: String?

  /// - Parameter missingPictures: why samples lack pictures; nil if none is missing.
  public init(_ contents: RunContents, missingPictures: String?) {
    var contents = contents
    var missing = missingPictures
    var bytes = 0
    for index in contents.samples.indices {
      // A question shows all of its pictures side by side, or none.
      bytes += contents.samples[index].pictures.reduce(0) { $0 + $1.png.count } * 4 / 3
      guard bytes > Self.mostPictureBytes else { continue }
      contents.samples[index].pictures = []
      missing = missing ?? "with them the page would be too large"
    }
    self.contents = contents
    self.missingPictures = missing
  }

  /// `report.html` comes last: once it exists, so do the files that it links to. Only a finished run has
  /// `results.csv`.
  public var files: [File] {
    var files = [("summary.md", ReportSummary(contents: contents).markdown)]
    if let chart = RetentionChart(contents) { files.append(("retention.svg", chart.svg(style: ChartStyle.alone))) }
    if let chart = TimeChart(contents) { files.append(("time.svg", chart.svg(style: ChartStyle.alone))) }
    if contents.isFinished { files.append(("results.csv", contents.statistics.csv())) }
    files.append(("report.html", ReportPage(contents: contents, missingPictures: missingPictures).html))
    return files.map { File(name: $0.0, bytes: Array($0.1.utf8)) }
  }
}
