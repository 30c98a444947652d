import Foundation
import Kernels

/// The outliers of every frame, more of the frames that are unlike the video.
/// "Video Compression Commander: Plug-and-Play Inference Acceleration for Video Large Language Models" (VidCom²).
///
/// On half of the projected channels, those of lowest variance, each row is compared with the mean of the video and of
/// its frame by five Gaussians. A frame's share follows from a softmax over how unlike the video its rows are. Counts
/// are rounded and nothing is redistributed, so a few tokens more or fewer than the budget are sent.
struct VidCom2: PruningStrategy {
  static let name = "vidcom2"
  static let summary = "a video's outliers, more of frames unlike the others (VidCom2, arXiv 2505.14454)"
  static let paper: Paper? = Paper(
    "Video Compression Commander: Plug-and-Play Inference Acceleration for Video Large Language Models",
    arXiv: "2505.14454", venue: "EMNLP 2025")
  static let comparesFrames = true

  /// Temperature of the softmax over frames.
  private static let temperature = 0.01
  /// Twice the squared widths of the Gaussians.
  private static let widths = (-3...1).map { 2 * pow(2, Double($0)) }

  init(options: inout StrategyOptions) throws(PruningError) {}

  func evidence(on tower: TowerDescription) -> Evidence { [.projected] }

  func evidence(for picture: PictureDescription) throws(PruningError) -> Evidence {
    _ = try picture.frames(for: Self.name)
    return evidence(on: picture.tower)
  }

  func resolved(on tower: TowerDescription) -> StrategySpec { StrategySpec(name: Self.name, options: []) }

  func plan(
    _ image: EncodedImage, question: QuestionEvidence, keeping budget: Budget, in context: inout PlanContext
  ) throws(PruningError) -> ImagePlan {
    let picture = image.picture
    let rows = try image.steadyRows(frames: try picture.frames(for: Self.name))
    let centre = Self.mean(rows.joined())
    var nearness: [[Double]] = []
    var unlikeness: [Double] = []
    for frame in rows {
      let own = Self.mean(frame)
      let toVideo = frame.map { Self.nearness($0, to: centre) }
      unlikeness.append(-toVideo.reduce(0, +) / Double(frame.count))
      nearness.append(zip(frame, toVideo).map { Self.nearness($0, to: own) + $1 })
    }
    let ratio = budget.keepRatio(of: picture.visualTokens)
    let views = zip(nearness, Self.shares(of: unlikeness, keeping: ratio)).map { nearness, share in
      let count = max(1, Ranking.roundHalfEven(share * Double(nearness.count)))
      return ViewPlan(keeping: Ranking.top(count, of: nearness.map { -$0 }).sorted())
    }
    return try ImagePlan(
      arranging: views, of: picture, limit: picture.visualTokens, count: .adaptive,
      scores: nearness.map { $0.map { -$0 } })
  }

  /// min(1, R·(1 + p − mean p)) of each frame, p being a softmax over the frames.
  static func shares(of unlikeness: [Double], keeping ratio: Double) -> [Double] {
    let largest = unlikeness.max() ?? 0
    let powers = unlikeness.map { exp(($0 - largest) / temperature) }
    let total = powers.reduce(0, +)
    return powers.map { min(1, ratio * (1 + $0 / total - 1 / Double(powers.count))) }
  }

  private static func nearness(_ row: [Double], to centre: [Double]) -> Double {
    let square = zip(row, centre).reduce(0.0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    return widths.reduce(0.0) { $0 + exp(-square / $1) }
  }

  private static func mean(_ rows: some Sequence<[Double]>) -> [Double] {
    var (sums, count) = ([Double](), 0.0)
    for row in rows {
      if sums.isEmpty { sums = [Double](repeating: 0, count: row.count) }
      for (index, value) in row.enumerated() { sums[index] += value }
      count += 1
    }
    return sums.map { $0 / count }
  }
}

extension PictureDescription {
  /// The number of frames; a picture that is not cut is a video of one.
  /// - Throws: `needsFrames` for a picture in crops.
  func frames(for strategy: String) throws(PruningError) -> Int {
    if case .thumbnailAndCrops = layout { throw .needsFrames(strategy: strategy) }
    return layout.views
  }
}

extension EncodedImage {
  /// Each frame's projected rows of length one, on the half of the channels that varies least over all frames; a row of
  /// zeros stays one.
  fileprivate func steadyRows(frames: Int) throws(PruningError) -> [[[Double]]] {
    var matrices: [Matrix] = []
    for frame in 0..<frames { matrices.append(try ViewInput(image: self, index: frame).projected()) }
    let width = matrices[0].columns
    let count = Double(matrices.reduce(0) { $0 + $1.rows })
    var means = [Double](repeating: 0, count: width)
    for matrix in matrices {
      for (index, sum) in matrix.columnSums().enumerated() { means[index] += sum / count }
    }
    var variances = [Double](repeating: 0, count: width)
    for matrix in matrices {
      for row in 0..<matrix.rows {
        for (index, value) in matrix.row(row).enumerated() {
          variances[index] += (Double(value) - means[index]) * (Double(value) - means[index])
        }
      }
    }
    let channels = Ranking.top(max(1, width / 2), of: variances.map { -$0 }).sorted()
    return matrices.map { matrix in
      (0..<matrix.rows).map { number in
        let row = matrix.row(number)
        let values = channels.map { Double(row[row.startIndex + $0]) }
        let length = values.reduce(0.0) { $0 + $1 * $1 }.squareRoot()
        return length > 0 ? values.map { $0 / length } : values
      }
    }
  }
}
