import Foundation
import VLM

/// Finds the folder of a model: a folder, a name in the local Hugging Face cache, or the bundled model.
enum ModelLocator {
  static let bundledName = "shapes-llava"
  /// What the bundled model can be asked.
  static let bundledNote =
    "the bundled model knows drawn scenes of small objects: ask what colour or shape one is, how many there are, "
    + "where one is, what is written on it, which is the largest; "
    + "its answers to anything else mean nothing"

  /// - Parameter request: what the user gave; nil for the bundled model.
  /// - Returns: the folder, and the model's name in results.
  static func locate(_ request: String?) throws -> (folder: String, name: String) {
    guard let request else {
      guard let folder = bundledFolder() else {
        throw CommandFailure(
          message: "the bundled model is not installed: \(bundledCandidates().joined(separator: ", ")) do not hold it",
          hint: "give --model DIR, or set VLMPRUNE_HOME to the folder that holds \(bundledName)")
      }
      return (folder, bundledName)
    }
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: request, isDirectory: &isFolder) {
      guard isFolder.boolValue else {
        throw CommandFailure(
          message: "\(request) is a file, not a checkpoint folder", hint: "give the folder that holds config.json")
      }
      return (request, request)
    }
    guard let folder = cachedFolder(request) else { throw VLMError.unknownModel(name: request) }
    return (folder, request)
  }

  /// The bundled model's folder, if it is installed. Never looked for in the working directory.
  static func bundledFolder() -> String? {
    bundledCandidates().first { FileManager.default.fileExists(atPath: "\($0)/config.json") }
  }

  private static func bundledCandidates() -> [String] {
    var candidates: [String] = []
    if let home = ProcessInfo.processInfo.environment["VLMPRUNE_HOME"], !home.isEmpty {
      candidates += ["\(home)/\(bundledName)", home]
    }
    if let executable = Bundle.main.executableURL?.resolvingSymlinksInPath() {
      let share = executable.deletingLastPathComponent().deletingLastPathComponent()
      candidates.append(share.appending(path: "share/vlmprune/\(bundledName)").path)
    }
    if let sourceTree { candidates.append("\(sourceTree)/fixtures/models/\(bundledName)") }
    return candidates
  }

  /// The source tree that holds the executable, since build folders lie inside one. The executable does not record
  /// where it was built.
  private static var sourceTree: String? {
    guard var url = Bundle.main.executableURL?.resolvingSymlinksInPath() else { return nil }
    for _ in 0..<6 {
      url.deleteLastPathComponent()
      if FileManager.default.fileExists(atPath: url.appending(path: "Package.swift").path) { return url.path }
    }
    return nil
  }

  /// The snapshot of `owner/name` that the Hugging Face cache's main branch points to.
  private static func cachedFolder(_ name: String) -> String? {
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty && $0 != ".." && $0 != "." }) else { return nil }
    let repository = "\(cacheFolder)/models--\(parts[0])--\(parts[1])"
    guard let text = try? String(contentsOfFile: "\(repository)/refs/main", encoding: .utf8) else { return nil }
    let revision = text.trimmingCharacters(in: .whitespacesAndNewlines)
    guard !revision.isEmpty, !revision.contains("/") else { return nil }
    let snapshot = "\(repository)/snapshots/\(revision)"
    return FileManager.default.fileExists(atPath: snapshot) ? snapshot : nil
  }

  /// Names of the models in the cache, sorted.
  static func cachedNames() -> [String] {
    let folders = (try? FileManager.default.contentsOfDirectory(atPath: cacheFolder)) ?? []
    return folders.filter { $0.hasPrefix("models--") }
      .map { $0.dropFirst("models--".count).split(separator: "--", maxSplits: 1).joined(separator: "/") }
      .filter { cachedFolder($0) != nil }.sorted()
  }

  /// Where Hugging Face's own tools keep what they download, by the rules of their `constants.py`.
  static var cacheFolder: String { cacheFolder(ProcessInfo.processInfo.environment) }

  static func cacheFolder(_ environment: [String: String]) -> String {
    func variable(_ name: String) -> String? {
      environment[name].flatMap { $0.isEmpty ? nil : expanded($0, environment) }
    }
    if let cache = variable("HF_HUB_CACHE") ?? variable("HUGGINGFACE_HUB_CACHE") { return cache }
    let home = variable("HF_HOME") ?? (variable("XDG_CACHE_HOME") ?? expanded("~/.cache", environment)) + "/huggingface"
    return "\(home)/hub"
  }

  /// `HOME` first, as shells and Python have it; Foundation alone takes the passwd entry.
  static func home(_ environment: [String: String]) -> String {
    environment["HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? NSHomeDirectory()
  }

  /// A path whose "~", "$NAME" and "${NAME}" are replaced. A variable that is not set stays as it is written.
  static func expanded(_ path: String, _ environment: [String: String]) -> String {
    let rooted = path == "~" || path.hasPrefix("~/") ? home(environment) + path.dropFirst() : path
    return rooted.replacing(/\$(\w+)|\$\{([^}]*)\}/) { match in
      environment[String(match.output.1 ?? match.output.2 ?? "")] ?? String(match.output.0)
    }
  }
}
