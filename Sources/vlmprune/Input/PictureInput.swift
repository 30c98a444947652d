import Basics
import Foundation
import Images
import Pruning
import VLM

/// What the user named, read but not decoded: an image, or the sampled frames of a video.
enum PictureInput {
  typealias File = (name: String, bytes: [UInt8])

  case image(File)
  /// Frames in order of time; one that is sampled twice is listed twice.
  case video(name: String, frames: [File])

  /// Reads files, folders and videos.
  /// - Parameter asVideo: whether the files are frames of one video.
  static func read(_ paths: [String], asVideo: Bool) throws -> [PictureInput] {
    if asVideo {
      guard !paths.isEmpty else { throw CommandFailure.usage("--video needs frames", hint: "name image files") }
      if let folder = paths.first(where: isFolder), paths.count > 1 {
        throw CommandFailure.usage(
          "--video takes files as frames, but \(folder) is a folder", hint: "give the folder alone, or its files")
      }
      if paths.count > 1 { return [.video(name: paths[0], frames: try sampled(paths))] }
    }
    return try paths.map { path in
      if isFolder(path) { return .video(name: path, frames: try sampled(try frames(in: path))) }
      if path != "-", VideoFile.looksLikeVideo(path) {
        return .video(name: path, frames: try VideoFile(path: path).sampledFrames())
      }
      let file: File = (path, try InputFile.bytes(path))
      return asVideo
        ? .video(name: path, frames: [File](repeating: file, count: VideoSampling.standardCount)) : .image(file)
    }
  }

  /// Decodes and processes it for a model.
  func picture(for model: VisionLanguageModel, limits: ImageLimits, grid: Grid?) throws -> Picture {
    switch self {
    case .image(let file): try model.picture(file.bytes, file: file.name, limits: limits, grid: grid)
    case .video(let name, let frames): try model.video(frames, file: name, limits: limits)
    }
  }

  private static func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
  }

  /// The frames that are read, each file once.
  private static func sampled(_ paths: [String]) throws -> [File] {
    var read: [String: [UInt8]] = [:]
    return try VideoSampling.frames(of: paths.count).map { index in
      let path = paths[index]
      let bytes = try read[path] ?? InputFile.bytes(path)
      read[path] = bytes
      return (path, bytes)
    }
  }

  private static let foreignPictures = [
    ".webp", ".gif", ".bmp", ".tif", ".tiff", ".heic", ".heif", ".avif", ".jp2", ".jxl", ".ppm", ".pgm", ".tga", ".ico",
  ]

  /// PNG and JPEG files of a folder by name, numbers in names by value: frame 9 comes before frame 10.
  private static func frames(in folder: String) throws -> [String] {
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
      throw VLMError.unreadable(file: folder, reason: "its content cannot be listed")
    }
    func hasSuffix(_ name: String, _ suffixes: [String]) -> Bool {
      !name.hasPrefix(".") && suffixes.contains { name.lowercased().hasSuffix($0) }
    }
    // A frame that cannot be read is an error and never skipped: the frames after it would stand for other times.
    if let foreign = names.sorted().first(where: { hasSuffix($0, Self.foreignPictures) }) {
      throw CommandFailure(
        message: "\(folder)/\(foreign) is a picture of a format that is not read here",
        hint: "convert it to PNG or JPEG, or take it out of the folder")
    }
    let frames = names.filter { hasSuffix($0, [".png", ".jpg", ".jpeg"]) }
    guard !frames.isEmpty else {
      throw CommandFailure(
        message: "cannot read \(folder): it is a folder without frames",
        hint: "name an image file, or a folder that holds the frames of a video as PNG or JPEG files")
    }
    return frames.sorted { first, second in
      let order = first.compare(second, options: .numeric)
      return order == .orderedSame ? first < second : order == .orderedAscending
    }.map { "\(folder.hasSuffix("/") ? String(folder.dropLast()) : folder)/\($0)" }
  }
}
