import Evaluation
import Foundation

/// Question files that users name.
enum QuestionInput {
  /// Reads a file, or a folder of MME's task files, and says on stderr what was not read of it.
  static func read(
    _ path: String, annotations: String? = nil, requiresAnswers: Bool = true
  ) throws -> QuestionList {
    let list: QuestionList
    if isFolder(path), annotations == nil {
      list = try QuestionList.read(tasks: try tasks(path), folder: path, requiresAnswers: requiresAnswers)
    } else {
      list = try QuestionList.read(
        try file(path), annotations: try annotations.map(file), requiresAnswers: requiresAnswers)
    }
    for note in list.notes { StandardError.write("note: \(note)\n") }
    return list
  }

  static func file(_ path: String) throws -> QuestionFile {
    QuestionFile(name: path, bytes: try InputFile.bytes(path))
  }

  /// The files TASK.txt of a folder of MME's.
  static func tasks(_ folder: String) throws -> [QuestionFile] {
    let files = try names(folder).filter { $0.hasSuffix(".txt") }.map { try file("\(folder)/\($0)") }
    guard !files.isEmpty else {
      throw CommandFailure(
        message: "\(folder) holds no task file of MME's",
        hint: "give a file of questions, or a folder with existence.txt, count.txt and so on")
    }
    return files
  }

  /// What is in a folder, hidden files aside, in order.
  static func names(_ folder: String) throws -> [String] {
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
      throw CommandFailure(
        message: "cannot read the folder \(folder)", hint: "check that it exists, and its permissions")
    }
    return names.filter { !$0.hasPrefix(".") }.sorted()
  }

  static func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
  }
}
