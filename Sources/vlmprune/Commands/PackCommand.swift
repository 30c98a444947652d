import ArgumentParser
import Foundation
import Kernels
import VLM

struct PackCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pack",
    abstract: "Pack a model's weights ahead of time, so that later runs only map them.",
    discussion: """
      Example:
        vlmprune pack --precision int8
      """)

  @Option(
    name: .long,
    help: ArgumentHelp(
      "A Hugging Face checkpoint folder, or a name in the local cache; the bundled model when left out.",
      valueName: "dir|name"))
  var model: String?

  @OptionGroup var compute: ComputeArguments

  @Option(name: .long, parsing: .unconditional, help: "Threads; all cores when left out.")
  var threads: Int?

  @Flag(name: .long, help: "Print one JSON object on stdout.")
  var json = false

  func validate() throws {
    if let threads, !(1...4096).contains(threads) {
      throw ValidationError("--threads is \(threads), expected 1 to 4096")
    }
    if compute.noModelCache { throw ValidationError("pack has nothing to do with --no-model-cache") }
  }

  private struct Report: Encodable {
    let model: String
    let precision: String
    let file: String
    let bytes: Int
  }

  private func load(_ place: (folder: String, name: String)) throws -> VisionLanguageModel {
    let display = PackingDisplay(isQuiet: json)
    defer { display.finish() }
    return try FamilyCatalogue.load(
      folder: place.folder, name: place.name, workers: Workers(count: threads ?? RunOptions.allCores),
      compute: compute.options(display: display))
  }

  func run() throws {
    let place = try ModelLocator.locate(model)
    let model = try load(place)
    let precision = model.compute.precision
    guard let file = model.compute.packedFile else {
      throw CommandFailure(
        message: "\(place.name) in \(precision) has nothing to pack",
        hint: "give --precision bf16 or int8: Float32 weights are used as they are stored")
    }
    // The note that loading printed says why.
    guard let bytes = try? FileManager.default.attributesOfItem(atPath: file)[.size] as? Int else {
      throw CommandFailure(
        message: "\(file) could not be written", hint: "give --model-cache a folder that can be written and has room")
    }
    if json {
      try StandardOutput.write(
        json: Report(model: place.name, precision: precision, file: file, bytes: bytes),
        envelope: Envelope("pack", model: try Envelope.Model(model, folder: place.folder)))
    } else {
      try StandardOutput.write("\(file)\n\(precision), \(bytes / 1_000_000) MB\n")
    }
  }
}
