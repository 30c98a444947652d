import ArgumentParser
import Foundation
import VLM

struct BatchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "batch",
    abstract: "Answer questions that come as lines of JSON.",
    discussion: """
      A line is {"id", "image" or "images", "question", "strategy"?, "keep"?,
      "max_new_tokens"?}, or one of OpenAI's batch files. Pictures are files or
      data: URLs.

      Example:
        vlmprune batch --in fixtures/questions/batch.jsonl --keep 25%
      """)

  @Option(name: .long, help: ArgumentHelp("Lines to answer; stdin when left out.", valueName: "file"))
  var `in`: String?

  @Option(
    name: .long, help: ArgumentHelp("Write the answers into this new file; stdout when left out.", valueName: "file"))
  var out: String?

  @Flag(name: .long, help: "Answers may come in another order: lines about one picture are answered together.")
  var unordered = false

  @Option(
    name: .long, parsing: .unconditional, help: "With --unordered: most lines that are read ahead (default: 64).")
  var window: Int?

  @OptionGroup var options: RunOptions

  @OptionGroup var answer: AnswerOptions

  private static let largestWindow = 65536

  func validate() throws {
    guard let window else { return }
    guard unordered else { throw ValidationError("--window is for --unordered: in order, no line is read ahead") }
    guard (1...Self.largestWindow).contains(window) else {
      throw ValidationError("--window is \(window), expected 1 to \(Self.largestWindow)")
    }
  }

  private var inputPath: String? { self.in == "-" ? nil : self.in }
  private var outputPath: String? { out == "-" ? nil : out }

  func run() throws {
    let defaults = BatchDefaults(
      options: options, setting: try options.pruningSetting(), reading: try options.pictureOptions(),
      system: answer.system, generation: try answer.generation())
    let input = try openInput()
    try checkOutput(input)
    let model = try options.loadModel()
    try options.check(defaults.setting, on: model)
    StopRequest.watch()
    let writer = try LineWriter(path: outputPath)
    var run = BatchRun(
      reader: LineReader(
        descriptor: input, name: inputPath ?? "stdin", output: outputPath == nil ? STDOUT_FILENO : -1),
      writer: writer, answerer: BatchAnswerer(model: model, defaults: defaults), model: model.name)
    if unordered {
      try run.answerGrouped(window: window ?? 64)
    } else {
      try run.answerInOrder()
    }
    let errors = run.failed == 0 ? "" : ", \(run.failed) of them with an error"
    StandardError.write("\(run.answered) line\(run.answered == 1 ? "" : "s") answered\(errors)\n")
    StopRequest.endProcess()
  }

  private func openInput() throws -> Int32 {
    guard let inputPath else {
      guard let facts = FileFacts(descriptor: STDIN_FILENO), !facts.isFolder else {
        throw VLMError.unreadable(file: "stdin", reason: "it is closed, or a folder")
      }
      return STDIN_FILENO
    }
    let descriptor = open(inputPath, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw VLMError.unreadable(
        file: inputPath, reason: errno == ENOENT ? "no such file" : String(cString: strerror(errno)))
    }
    guard FileFacts(descriptor: descriptor)?.isFolder != true else {
      throw VLMError.unreadable(file: inputPath, reason: "it is a folder")
    }
    return descriptor
  }

  /// Answers that go where the lines come from would be read as lines.
  private func checkOutput(_ input: Int32) throws {
    let lines = FileFacts(descriptor: input)
    let target = outputPath.map { FileFacts(path: $0) } ?? FileFacts(descriptor: STDOUT_FILENO)
    if let lines, let target, lines.isRegular, lines.isSameFile(as: target) {
      throw CommandFailure.usage(
        "\(outputPath.map { "--out \($0)" } ?? "stdout") is the file that the lines are read from",
        hint: "write the answers to another file")
    }
    guard let outputPath else { return }
    // Pipes and devices are written to as they are.
    if let target, !target.isRegular, !target.isFolder { return }
    try OutputFile.check(outputPath, option: "--out")
    guard let attributes = try? FileManager.default.attributesOfItem(atPath: OutputFile.target(outputPath)),
      let size = attributes[.size] as? Int, size > 0
    else { return }
    throw CommandFailure.usage(
      "--out \(outputPath) exists, and batch does not overwrite answers",
      hint: "give another name, or take that file away first")
  }
}
