import Foundation

/// Where tests find files: the committed fixtures, and the shared data that may lie beside the repository.
public enum Fixtures {
  /// The repository's root, from the place of this file: tests may run with any working directory.
  public static let root: URL = {
    var url = URL(filePath: #filePath)
    for _ in 0..<3 { url.deleteLastPathComponent() }
    return url
  }()

  /// A file or folder under `fixtures/`, such as "models/tiny-classic".
  public static func url(_ path: String) -> URL {
    root.appending(path: "fixtures").appending(path: path)
  }

  /// A tiny checkpoint's folder: `fixtures/models/NAME`.
  public static func model(_ name: String) -> URL { url("models/\(name)") }

  /// A picture: `fixtures/images/FILE`.
  public static func image(_ file: String) -> URL { url("images/\(file)") }

  /// `../shared/data` beside the repository's root, or nil where it is absent: tests that need it are then disabled.
  public static let sharedData: URL? = {
    let url = root.deletingLastPathComponent().appending(path: "shared/data")
    var isFolder: ObjCBool = false
    let exists = FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder)
    return exists && isFolder.boolValue ? url : nil
  }()
}
