import Basics

/// A question that the report shows in full.
public struct SampledQuestion: Sendable {
  /// What one setting answered.
  public struct Reply: Sendable {
    /// Index of the setting in the run.
    public let setting: Int
    public let text: String?
    public let grade: Double
    public let error: String?
  }

  /// Which patches a setting kept.
  public struct PatchPicture: Sendable {
    public let setting: Int
    public let png: [UInt8]
    public let width: Int
    public let height: Int
    public let kept: Int
    public let visualTokens: Int

    public init(setting: Int, png: [UInt8], width: Int, height: Int, kept: Int, visualTokens: Int) {
      self.setting = setting
      self.png = png
      self.width = width
      self.height = height
      self.kept = kept
      self.visualTokens = visualTokens
    }
  }

  public let identifier: Question.Identifier
  public let image: String?
  public let category: String?
  public internal(set) var replies: [Reply] = []
  /// The question and its right answer; nil if the question file was not found.
  public var text: String?
  public var answers: [String] = []
  public var pictures: [PatchPicture] = []
}

extension SampledQuestion {
  /// Chooses questions about different images: first half of them by how many settings disagree with the dense answer,
  /// then random ones. The same run gives the same questions.
  static func choose(from run: GradedRun, count: Int) -> [SampledQuestion] {
    let dense = run.settings[run.dense].grades
    let disagreements = run.questions.indices.map { place in
      run.settings.count { $0.grades[place] != dense[place] }
    }
    let telling = run.questions.indices.filter { disagreements[$0] > 0 }
      .sorted { (disagreements[$1], $0) < (disagreements[$0], $1) }
    var random = SeededGenerator(seed: 0, digest: 0)
    var others = Array(run.questions.indices)
    others.shuffle(using: &random)
    var images: Set<String> = []
    var chosen: [Int] = []
    func take(_ places: [Int], upTo most: Int) {
      for place in places where chosen.count < most && !chosen.contains(place) {
        guard images.insert(run.images[place] ?? "question \(run.questions[place])").inserted else { continue }
        chosen.append(place)
      }
    }
    take(telling, upTo: (count + 1) / 2)
    take(others, upTo: count)
    return chosen.map {
      SampledQuestion(identifier: run.questions[$0], image: run.images[$0], category: run.categories[$0])
    }
  }
}
