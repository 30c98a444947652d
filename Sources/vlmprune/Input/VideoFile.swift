import Foundation
import VLM

/// A video file, whose frames an `ffmpeg` subprocess decodes: this program has no codecs.
struct VideoFile {
  let path: String

  /// Whether the file begins like a common container of videos: MP4 and QuickTime, Matroska and WebM, AVI, FLV, MPEG.
  static func looksLikeVideo(_ path: String) -> Bool {
    // A pipe can be read only once.
    let target = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    let attributes = try? FileManager.default.attributesOfItem(atPath: target)
    guard attributes?[.type] as? FileAttributeType == .typeRegular, let handle = FileHandle(forReadingAtPath: path)
    else {
      return false
    }
    defer { try? handle.close() }
    guard let head = try? handle.read(upToCount: 12) else { return false }
    let bytes = [UInt8](head)
    func has(_ text: String, at offset: Int = 0) -> Bool { bytes.dropFirst(offset).starts(with: Array(text.utf8)) }
    if has("ftyp", at: 4) {
      // Still pictures in the same container.
      return !["heic", "heix", "mif1", "avif"].contains { has($0, at: 8) }
    }
    return bytes.starts(with: [0x1a, 0x45, 0xdf, 0xa3]) || (has("RIFF") && has("AVI ", at: 8)) || has("FLV")
      || bytes.starts(with: [0x00, 0x00, 0x01, 0xba])
  }

  /// The sampled frames as PNG, in order of time, called "FILE, frame N" from 0, and their times.
  func sampledFrames(
    _ sampling: FrameSampling
  ) throws -> (frames: [(name: String, bytes: [UInt8])], times: FrameTimes) {
    let times = try frameTimes()
    let wanted = sampling.frames(of: times)
    let distinct = Array(Set(wanted)).sorted()
    let filter = distinct.map { "eq(n\\,\($0))" }.joined(separator: "+")
    let output = try run(["-vf", "select=\(filter)", "-c:v", "png", "-f", "image2pipe", "pipe:1"])
    let pictures = Self.pictures(in: output)
    guard pictures.count == distinct.count else {
      throw failure("ffmpeg decoded \(pictures.count) of \(distinct.count) frames")
    }
    let byNumber = Dictionary(uniqueKeysWithValues: zip(distinct, pictures))
    let frames = wanted.compactMap { number in byNumber[number].map { ("\(path), frame \(number)", $0) } }
    return (frames, FrameTimes(seconds: times).sampled(wanted))
  }

  /// When each frame is shown, in seconds from the first. Containers may lie about their length, so the frames are
  /// decoded: each gives a line "stream, decoding time, time, …" in units that a line "#tb 0: 1/25" tells.
  private func frameTimes() throws -> [Double] {
    let report = String(decoding: try run(["-c:v", "rawvideo", "-f", "framecrc", "pipe:1"]), as: UTF8.self)
    var unit: Double?
    var times: [Double] = []
    for line in report.split(separator: "\n") {
      if let fraction = line.firstMatch(of: /^#tb 0: (\d+)\/(\d+)/) {
        unit = Double(fraction.1).flatMap { above in Double(fraction.2).map { above / $0 } }
      } else if !line.hasPrefix("#") {
        let fields = line.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
        guard let unit, fields.count > 2, let time = Double(fields[2]) else {
          throw failure("ffmpeg does not tell the times of its frames")
        }
        times.append(time * unit)
      }
    }
    guard let first = times.first else { throw failure("ffmpeg finds no frames in it") }
    guard zip(times, times.dropFirst()).allSatisfy({ $0 <= $1 }) else {
      throw failure("the times of its frames go backwards")
    }
    return times.map { $0 - first }
  }

  private func run(_ arguments: [String]) throws -> [UInt8] {
    guard let program = Self.ffmpeg() else {
      throw CommandFailure(
        message: "\(path) is a video, and ffmpeg, which decodes videos, is not installed",
        hint: "install ffmpeg ('apt-get install ffmpeg'), or give a folder of frames as PNG or JPEG files")
    }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    // As a file URL, so that a name is never taken for an option or another protocol.
    let input = "file:\(URL(fileURLWithPath: path).path)"
    process.arguments =
      ["-nostdin", "-v", "quiet", "-i", input, "-map", "0:v:0", "-fps_mode", "passthrough"] + arguments
    let output = Pipe()
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    do { try process.run() } catch { throw failure("ffmpeg cannot be started") }
    let bytes = [UInt8](output.fileHandleForReading.readDataToEndOfFile())
    process.waitUntilExit()
    guard process.terminationReason == .exit, process.terminationStatus == 0 else {
      throw failure("ffmpeg cannot decode it")
    }
    return bytes
  }

  private static func ffmpeg() -> String? {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    return folders.map { "\($0)/ffmpeg" }.first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  private func failure(_ reason: String) -> CommandFailure {
    CommandFailure(
      message: "cannot read \(path): \(reason)",
      hint: "check that the file plays and was copied completely, or give a folder of frames")
  }

  /// PNG files one after another, cut after the last chunk of each.
  private static func pictures(in bytes: [UInt8]) -> [[UInt8]] {
    var pictures: [[UInt8]] = []
    var start = 0
    var place = 8
    // A chunk: its length in 4 bytes, its type in 4, the data, a checksum of 4.
    while place + 12 <= bytes.count {
      let length = bytes[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }
      let end = place + 12 + length
      guard end <= bytes.count else { break }
      let isLast = bytes[place + 4..<place + 8].elementsEqual("IEND".utf8)
      place = end
      if isLast {
        pictures.append(Array(bytes[start..<end]))
        start = end
        place = end + 8
      }
    }
    return pictures
  }
}
