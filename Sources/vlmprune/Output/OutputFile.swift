import Foundation

/// Checks paths of output before any compute, and writes files in full.
enum OutputFile {
  /// Refuses a path that cannot be written.
  /// - Parameters:
  ///   - option: the option that gave the path, for the message.
  ///   - inputs: files that must not be overwritten.
  static func check(_ path: String, option: String, inputs: [String] = []) throws {
    if let type = try? FileManager.default.attributesOfItem(atPath: target(path))[.type] as? FileAttributeType {
      guard type != .typeDirectory else {
        throw CommandFailure(message: "\(option) \(path) is a folder", hint: "give the name of a file")
      }
      // Files are replaced, never written into: that would turn a device into a regular file.
      guard type == .typeRegular else {
        throw CommandFailure(message: "\(option) \(path) is not a regular file", hint: "give the name of a file")
      }
    }
    guard !inputs.contains(where: { $0 != "-" && target($0) == target(path) }) else {
      throw CommandFailure(message: "\(option) \(path) would replace the image itself", hint: "give another name")
    }
    let folder = URL(fileURLWithPath: target(path)).deletingLastPathComponent()
    guard !path.isEmpty, !path.hasSuffix("/"), canCreate(in: folder) else {
      throw unwritable("\(option) \(path)")
    }
  }

  /// Writes all or nothing.
  static func write(_ bytes: [UInt8], to path: String) throws {
    do {
      try Data(bytes).write(to: URL(fileURLWithPath: target(path)), options: .atomic)
    } catch {
      throw unwritable(path)
    }
  }

  fileprivate static func unwritable(_ name: String) -> CommandFailure {
    CommandFailure(
      message: "\(name) cannot be written", hint: "choose a path in a folder that exists and can be written")
  }

  /// Follows links in a path. Files are replaced as a whole, and that must not replace a link, least of all
  /// /dev/stdout.
  static func target(_ path: String) -> String {
    URL(fileURLWithPath: path).resolvingSymlinksInPath().path
  }

  /// Permission bits are no proof (root ignores them, and so do read-only file systems): a file is created and removed
  /// again.
  fileprivate static func canCreate(in folder: URL) -> Bool {
    let probe = folder.appending(path: ".vlmprune-\(getpid())").path
    let descriptor = open(probe, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return false }
    close(descriptor)
    unlink(probe)
    return true
  }
}

/// A folder that is created if it does not exist yet.
enum OutputFolder {
  static func check(_ path: String, option: String) throws {
    var isFolder: ObjCBool = false
    let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
    guard !exists || isFolder.boolValue else {
      throw CommandFailure(message: "\(option) \(path) is a file", hint: "give the name of a folder")
    }
    let url = URL(fileURLWithPath: path)
    guard !path.isEmpty, OutputFile.canCreate(in: exists ? url : url.deletingLastPathComponent()) else {
      throw OutputFile.unwritable("\(option) \(path)")
    }
  }

  static func make(_ path: String) throws {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw OutputFile.unwritable(path)
    }
  }
}
