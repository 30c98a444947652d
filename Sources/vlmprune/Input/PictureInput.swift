import Foundation
import Images
import VLM

/// What the user named: an image, read but not decoded, or a video, whose frames the model's family chooses.
enum PictureInput {
  typealias File = (name: String, bytes: [UInt8])

  case image(File)
  /// Files that are the frames of one video, in order of time.
  case frames(name: String, paths: [String])
  case video(VideoFile)

  /// Reads images, and lists the frames of folders.
  /// - Parameter asVideo: whether the files are frames of one video.
  static func read(_ paths: [String], asVideo: Bool) throws -> [PictureInput] {
    if asVideo {
      guard !paths.isEmpty else { throw CommandFailure.usage("--video needs frames", hint: "name image files") }
      if let folder = paths.first(where: isFolder), paths.count > 1 {
        throw CommandFailure.usage(
          "--video takes files as frames, but \(folder) is a folder", hint: "give the folder alone, or its files")
      }
      if paths.count > 1 { return [.frames(name: paths[0], paths: paths)] }
    }
    return try paths.map { path in
      if isFolder(path) { return .frames(name: path, paths: try frames(in: path)) }
      if path != "-", VideoFile.looksLikeVideo(path) { return .video(VideoFile(path: path)) }
      return asVideo ? .frames(name: path, paths: [path]) : .image((path, try InputFile.bytes(path)))
    }
  }

  /// Decodes and processes it for a model.
  /// - Parameter fps: frames a second of a video that is given as frames; nil: the standard rate.
  func picture(for model: VisionLanguageModel, options: PictureOptions, fps: Double?) throws -> Picture {
    let sampling = model.family.sampling
    switch self {
    case .image(let file): return try model.picture(file.bytes, file: file.name, options: options)
    case .frames(let name, let paths):
      try checkReads(model, fps: fps)
      if let most = sampling.mostFrames, paths.count > most {
        throw VLMError.tooManyFrames(found: paths.count, most: most, file: name)
      }
      let numbers = sampling.frames(of: paths.count)
      let times = FrameTimes(count: numbers.count, rate: fps ?? FrameTimes.standardRate)
      return try model.video(try Self.files(numbers.map { paths[$0] }), times: times, file: name, options: options)
    case .video(let file):
      try checkReads(model, fps: fps)
      let (frames, times) = try file.sampledFrames(sampling)
      return try model.video(frames, times: times, file: file.path, options: options)
    }
  }

  /// Refuses a model that reads no videos, and a rate that it or the video does not need, before any frame is read.
  private func checkReads(_ model: VisionLanguageModel, fps: Double?) throws {
    guard model.family.markers[.video] != nil else { throw VLMError.noVideos(file: name, family: model.familyName) }
    guard let fps else { return }
    if case .count(let count) = model.family.sampling {
      throw CommandFailure.usage(
        "--fps \(fps) says nothing to a model that reads \(count) frames of any video",
        hint: "leave --fps out with models of family \(model.familyName)")
    }
    if case .video = self {
      throw CommandFailure.usage("\(name) has times of its own", hint: "--fps is for videos that are given as frames")
    }
  }

  var isVideo: Bool { if case .image = self { false } else { true } }

  private var name: String {
    switch self {
    case .image(let file): file.name
    case .frames(let name, _): name
    case .video(let file): file.path
    }
  }

  private static func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
  }

  /// Files that are read, each once.
  private static func files(_ paths: [String]) throws -> [File] {
    var read: [String: [UInt8]] = [:]
    return try paths.map { path in
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
