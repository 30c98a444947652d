import ArgumentParser
import Evaluation
import Foundation

struct ScoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "score",
    abstract: "Score answers that a model gave, without running it.",
    discussion: """
      Example:
        vlmprune score --metric pope \\
          --answers fixtures/evaluation/pope/answers.jsonl \\
          --questions fixtures/evaluation/pope/questions.jsonl \\
          --labels fixtures/evaluation/pope/labels
        vlmprune score --metric vqa --answers fixtures/evaluation/vqa/answers.jsonl \\
          --questions fixtures/evaluation/vqa/questions.jsonl --json
      """)

  @Option(
    name: .long,
    help: "How answers are judged: \(Metric.allCases.map(\.rawValue).joined(separator: ", ")).")
  var metric: String

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Answers: LLaVA's JSONL; of mme also a folder of task files, of scienceqa also LLaVA's graded file.",
      valueName: "path"))
  var answers: String

  @Option(
    name: .long,
    help: ArgumentHelp("Questions with their right answers, in any form that eval reads.", valueName: "file"))
  var questions: String?

  @Option(name: .long, help: ArgumentHelp("Folder of POPE's label files.", valueName: "dir"))
  var labels: String?

  @Option(name: .long, help: ArgumentHelp("VQAv2's annotations for --questions.", valueName: "file"))
  var annotations: String?

  @Flag(name: .long, help: "Print one JSON object on stdout.")
  var json = false

  func run() throws {
    let metric = try Metric(named: metric)
    if labels != nil, metric != .pope {
      throw CommandFailure.usage("--labels is for --metric pope", hint: "leave --labels out")
    }
    if annotations != nil, questions == nil {
      throw CommandFailure.usage("--annotations belongs to --questions", hint: "give the questions too")
    }
    switch metric {
    case .mme where questions == nil: try print(try mmeFolder())
    case .scienceqa where questions == nil: try print(try scienceQAGraded())
    case .pope: try print(try pope())
    default:
      let list = try questionList()
      let texts = try texts(of: list)
      switch metric {
      case .mme: try print(try MMEScore(list.questions, answers: texts, file: questions ?? ""))
      case .scienceqa: try print(ScienceQAScore(list.questions, answers: texts))
      default: try print(GradeScore(metric, list.questions, answers: texts))
      }
    }
  }

  private func print(_ score: some TabulatedScore) throws {
    if json {
      try StandardOutput.write(json: score, envelope: Envelope("score"))
    } else {
      try StandardOutput.write(TextTable.render(score.table))
    }
  }

  private func questionList(requiresAnswers: Bool = true) throws -> QuestionList {
    guard let questions else {
      throw CommandFailure.usage(
        "--metric \(metric) needs --questions", hint: "give the file of questions that was answered")
    }
    return try QuestionInput.read(questions, annotations: annotations, requiresAnswers: requiresAnswers)
  }

  private func texts(of list: QuestionList) throws -> [String] {
    try ModelAnswers(try QuestionInput.file(answers)).texts(of: list.questions, file: questions ?? "")
  }

  private func pope() throws -> POPEScore {
    let list = try questionList(requiresAnswers: false)
    guard labels != nil || list.questions.allSatisfy({ !$0.answers.isEmpty }) else {
      throw CommandFailure.usage(
        "\(questions ?? "") holds questions without their right answers",
        hint: "give the folder of POPE's label files with --labels")
    }
    let texts = try texts(of: list)
    guard let labels else { return try POPEScore(list.questions, answers: texts) }
    // The folder may hold more: only files of these names are labels, each of the split that its name ends in.
    let names = try QuestionInput.names(labels).filter { $0.contains("_pope_") && $0.hasSuffix(".json") }
    guard !names.isEmpty else {
      throw CommandFailure(
        message: "\(labels) holds no label file", hint: "POPE's are named coco_pope_adversarial.json and so on")
    }
    let files = try names.map { try QuestionInput.read("\(labels)/\($0)") }
    let labelled = try POPEScore.labelled(
      list.questions, file: questions ?? "", labels: files, folder: labels)
    return try POPEScore(labelled, answers: texts)
  }

  private func mmeFolder() throws -> MMEScore {
    guard QuestionInput.isFolder(answers) else {
      throw CommandFailure.usage(
        "\(answers) is no folder of MME's task files",
        hint: "give such a folder, or --questions with answers in JSONL")
    }
    return try MMEScore(tasks: try QuestionInput.tasks(answers), folder: answers)
  }

  private func scienceQAGraded() throws -> ScienceQAScore {
    let score = try ScienceQAScore(graded: try QuestionInput.file(answers))
    if score.regraded > 0 {
      StandardError.write("note: \(answers): \(score.regraded) answers are graded otherwise than the file says\n")
    }
    return score
  }
}
