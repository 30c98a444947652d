/// Milliseconds from a picture to the first token of an answer about it, for each setting.
///
/// A sweep encodes an image once for all settings and prefills the image's part of the prompt once for all its
/// questions, so a single row does not show what one question costs. For each image, every setting is charged the
/// longest encoding of any row, plus the longest time from pruning to the end of prefill among the setting's own rows,
/// which is that of the first question.
enum FirstTokenTimes {
  private static let own = ["prune_ms", "project_ms", "prefill_ms"]
  private static let shared = "encode_ms"

  /// - Returns: for each setting, a mean over images; nil if its rows have no times.
  static func of(_ run: GradedRun) -> [Double?] {
    let images = Dictionary(grouping: run.questions.indices) { run.images[$0] ?? "question \(run.questions[$0])" }
      .sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map(\.value)
    let encodings = images.map { places in
      longest(run.settings.flatMap { setting in places.compactMap { known(setting, shared, $0) } }) ?? 0
    }
    return run.settings.map { setting in
      let times = zip(images, encodings).compactMap { places, encoding in
        longest(
          places.compactMap { place in
            let stages = own.compactMap { known(setting, $0, place) }
            return stages.isEmpty ? nil : stages.reduce(0, +)
          }
        ).map { $0 + encoding }
      }
      return times.isEmpty ? nil : times.reduce(0, +) / Double(times.count)
    }
  }

  private static func longest(_ times: [Double]) -> Double? { times.max() }

  private static func known(_ setting: GradedRun.Setting, _ stage: String, _ place: Int) -> Double? {
    setting.times[stage].flatMap { $0[place].isNaN ? nil : $0[place] }
  }
}
