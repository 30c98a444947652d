/// Milliseconds from a picture to the first token of an answer about it, setting by setting.
///
/// A sweep encodes an image once for all settings and prefills its part of the prompt once for all its questions, so
/// that single rows do not show what one question costs. Per image, the longest encoding of any row is counted for
/// every setting, and the longest way from pruning to the end of the prefill among the setting's rows: those of the
/// question that came first.
enum FirstTokenTimes {
  private static let own = ["prune_ms", "project_ms", "prefill_ms"]
  private static let shared = "encode_ms"

  /// - Returns: a mean over images for each setting; nil where its rows hold no times.
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
