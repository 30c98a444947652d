import Foundation
import TestSupport
import Testing

@Suite struct `vlmprune score` {
  private func fixture(_ path: String) -> String { Fixtures.url("evaluation/\(path)").path }

  private func pope(_ answers: String? = nil, labels: String? = nil) -> Command {
    Command(
      "score", "--metric", "pope", "--answers", answers ?? fixture("pope/answers.jsonl"), "--questions",
      fixture("pope/questions.jsonl"), "--labels", labels ?? fixture("pope/labels"), "--json")
  }

  private func expectEqual(_ report: JSONObject, golden: String) throws {
    let data = try Data(contentsOf: Fixtures.url("evaluation/\(golden)"))
    let expected = try #require(try JSONSerialization.jsonObject(with: data) as? JSONObject)
    #expect(Set(report.keys) == EnvelopeKeys.every.union(expected.keys))
    #expect(report["metric"] as? String == expected["metric"] as? String)
    #expect(isClose(report["score"], expected["score"]))
    let found = try #require(report["categories"] as? [String: JSONObject])
    let wanted = try #require(expected["categories"] as? [String: JSONObject])
    #expect(Set(found.keys) == Set(wanted.keys))
    for (name, figures) in wanted {
      #expect(Set(found[name]?.keys.map { $0 } ?? []) == Set(figures.keys))
      for (key, value) in figures { #expect(isClose(found[name]?[key], value), "\(name) \(key)") }
    }
  }

  private func isClose(_ found: Any?, _ expected: Any?, within tolerance: Double = 1e-12) -> Bool {
    guard let found = found as? Double, let expected = expected as? Double else { return false }
    return abs(found - expected) <= tolerance
  }

  @Test func `gives the figures of the reference's rules`() throws {
    try expectEqual(expectSuccess(pope()).json(), golden: "pope/score.json")
    let vqa = Command(
      "score", "--metric", "vqa", "--answers", fixture("vqa/answers.jsonl"), "--questions",
      fixture("vqa/questions.jsonl"), "--json")
    try expectEqual(expectSuccess(vqa).json(), golden: "vqa/score.json")
  }

  @Test(.enabled(if: Fixtures.sharedData != nil, "../shared/data is absent"))
  func `gives the published figures for the published answers`() throws {
    let data = try #require(Fixtures.sharedData).appending(path: "scoring").path
    let pope = try expectSuccess(
      Command(
        "score", "--metric", "pope", "--answers", "\(data)/pope/answers-llava-v1.5-13b.jsonl", "--questions",
        "\(data)/pope/questions.jsonl", "--labels", "\(data)/pope", "--json")
    ).json()
    #expect(isClose(pope["score"], 0.8595, within: 5e-5))
    let splits = try #require(pope["categories"] as? [String: JSONObject])
    for (name, f1) in ["adversarial": 0.84459, "random": 0.87136, "popular": 0.86246] {
      #expect(isClose(splits[name]?["f1"], f1, within: 5e-6))
    }
    let science = try expectKeys(
      expectSuccess(
        Command(
          "score", "--metric", "scienceqa", "--answers", "\(data)/scienceqa/graded-llava-v1.5-13b.jsonl", "--json")
      ).json(), EnvelopeKeys.every.union(["accuracy", "image_accuracy", "correct", "n"]))
    #expect(isClose(science["accuracy"], 0.74393, within: 5e-6) && science["n"] as? Int == 4241)
    #expect(isClose(science["image_accuracy"], 1445.0 / 2017) && science["correct"] as? Int == 3155)
    let mme = try expectKeys(
      expectSuccess(Command("score", "--metric", "mme", "--answers", "\(data)/mme/lavin", "--json")).json(),
      EnvelopeKeys.every.union(["perception", "cognition", "tasks"]))
    #expect(isClose(mme["perception"], 963.61, within: 5e-3) && isClose(mme["cognition"], 249.64, within: 5e-3))
    #expect((mme["tasks"] as? JSONObject)?.count == 14)
  }

  @Test func `without --json it is a table`() throws {
    var command = pope()
    command.arguments.removeLast()
    let lines = try expectSuccess(command).text.split(separator: "\n")
    #expect(lines.count == 4 && lines[0].hasPrefix("category") && lines[3].hasPrefix("mean"))
  }

  @Test func `answers, questions and labels that do not belong together are named`() throws {
    let scratch = try Scratch()
    let lines = try String(contentsOfFile: fixture("pope/answers.jsonl"), encoding: .utf8).split(separator: "\n")
    let short = try scratch.write(lines.dropLast().joined(separator: "\n"), as: "short.jsonl")
    try expectFailure(pope(short), naming: "no answer to question 12")
    let extra = lines + [#"{"question_id": 99, "text": "No"}"#]
    try expectFailure(pope(try scratch.write(extra.joined(separator: "\n"), as: "extra.jsonl")), naming: "question 99")
    let twice = lines + [lines[0]]
    try expectFailure(
      pope(try scratch.write(twice.joined(separator: "\n"), as: "twice.jsonl")), naming: "line 13", "twice")
    let labels = try Scratch()
    for split in ["adversarial", "popular"] {
      let name = "coco_pope_\(split).json"
      let text = try String(contentsOfFile: fixture("pope/labels/\(name)"), encoding: .utf8)
      try labels.write(split == "popular" ? text.replacing("thing 3", with: "thing 7") : text, as: name)
    }
    try expectFailure(pope(labels: labels.folder), naming: "label 4 of popular")
    var bare = pope()
    bare.arguments = ["score", "--metric", "pope", "--answers", fixture("pope/answers.jsonl"), "--questions"]
    bare.arguments.append(fixture("pope/questions.jsonl"))
    try expectFailure(bare, exitCode: 2, naming: "without their right answers", "--labels")
    try FileManager.default.removeItem(atPath: labels.path("coco_pope_popular.json"))
    try expectFailure(pope(labels: labels.folder), naming: "no labels of popular")
  }

  @Test func `what cannot be scored is two lines and an exit code`() throws {
    let scratch = try Scratch()
    let answers = fixture("vqa/answers.jsonl")
    try expectFailure(
      Command("score", "--metric", "bleu", "--answers", answers), exitCode: 2, naming: "bleu", "mmbench")
    try expectFailure(Command("score", "--metric", "vqa", "--answers", answers), exitCode: 2, naming: "--questions")
    try expectFailure(
      Command("score", "--metric", "vqa", "--answers", answers, "--labels", "x"), exitCode: 2, naming: "--labels")
    try expectFailure(Command("score", "--metric", "mme", "--answers", scratch.folder), naming: scratch.folder)
    try scratch.write("1.jpg\tIs it?\tYes\tYes\n1.jpg\tIs it not?\tNo\tYes\n", as: "color.txt")
    try expectFailure(Command("score", "--metric", "mme", "--answers", scratch.folder), naming: "existence")
    try expectFailure(Command("score", "--metric", "scienceqa", "--answers", answers), naming: "answers.jsonl")
    try expectFailure(
      Command("score", "--metric", "vqa", "--answers", "/nowhere", "--questions", fixture("vqa/questions.jsonl")),
      naming: "/nowhere")
  }
}
