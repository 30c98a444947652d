import ArgumentParser
import Basics
import Foundation
import Kernels
import VLM

struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Say what was found on this machine.",
    discussion: """
      Example:
        vlmprune doctor
      """)

  @Option(
    name: .long,
    help: ArgumentHelp("Say what is found of a model, too: its family, template and notes.", valueName: "dir|name"))
  var model: String?

  @Flag(name: .long, help: "Print one JSON object on stdout.")
  var json = false

  private struct Report: Encodable {
    let cpu: String
    let cpuFeatures: [String]
    /// What our own products use: the best of this CPU, or the cap in VLMPRUNE_CPU.
    let instructions: String
    let openblas: String
    /// Null: not in this build.
    let onednn: Nullable<String>
    /// Number formats that our own products take on this CPU. oneDNN takes others that it has kernels for, and several
    /// rows where there are tiles (AMX).
    let nativeFormats: [String]
    let threads: Int
    let memoryBytes: UInt64
    let modelCache: String
    /// Names that `--model` finds in the cache.
    let cachedModels: [String]
    let bundledModel: Nullable<String>
    /// Absent without --model.
    let model: ModelReport?

    enum CodingKeys: String, CodingKey {
      case cpu, instructions, openblas, onednn, threads, model
      case nativeFormats = "native_formats"
      case modelCache = "model_cache"
      case cachedModels = "cached_models"
      case cpuFeatures = "cpu_features"
      case memoryBytes = "memory_bytes"
      case bundledModel = "bundled_model"
    }
  }

  func run() throws {
    let cpu = CPUInformation()
    let report = Report(
      cpu: cpu.name, cpuFeatures: cpu.features, instructions: InstructionSet.current.rawValue,
      openblas: BackEnd.openBLASVersion, onednn: Nullable(BackEnd.oneDNNVersion),
      nativeFormats: BackEnd.nativeFormats.map(\.rawValue),
      threads: ProcessInfo.processInfo.activeProcessorCount,
      memoryBytes: ProcessInfo.processInfo.physicalMemory,
      modelCache: ModelLocator.cacheFolder, cachedModels: ModelLocator.cachedNames(),
      bundledModel: Nullable(ModelLocator.bundledFolder()), model: try model.map(ModelReport.init))
    if json {
      try StandardOutput.write(json: report, envelope: Envelope("doctor"))
    } else {
      try StandardOutput.write(TextTable.render(rows(report) + (report.model?.table ?? [])))
    }
    if report.bundledModel.value == nil {
      throw CommandFailure(
        message: "the bundled model is not installed",
        hint: "run 'make install' in the source tree, or set VLMPRUNE_HOME to the folder that holds shapes-llava")
    }
  }

  private func rows(_ report: Report) -> [[String]] {
    let memory = String(format: "%.1f GiB", Double(report.memoryBytes) / 1_073_741_824)
    return [
      ["vlmprune", "\(BuildInformation.version) (commit \(BuildInformation.commit))"],
      ["cpu", report.cpu],
      ["cpu features", report.cpuFeatures.joined(separator: " ")],
      ["OpenBLAS", report.openblas],
      ["oneDNN", report.onednn.value ?? "not in this build"],
      ["own products", ownProducts(report)],
      ["threads", "\(report.threads)"],
      ["memory", memory],
      ["model cache", cache(report)],
      ["bundled model", report.bundledModel.value ?? "not installed"],
    ]
  }

  private func ownProducts(_ report: Report) -> String {
    let formats = report.nativeFormats.isEmpty ? "none" : report.nativeFormats.joined(separator: " ")
    let cap = InstructionSet.current == .best ? "" : ", capped by \(InstructionSet.variable)"
    return "\(formats) (\(report.instructions)\(cap))"
  }

  private func cache(_ report: Report) -> String {
    let names = report.cachedModels.isEmpty ? "empty" : report.cachedModels.joined(separator: ", ")
    return "\(report.modelCache): \(names)"
  }
}

/// Facts about a model, found by loading it.
struct ModelReport: Encodable {
  let name: String
  let family: String
  let template: String
  /// The file that says so.
  let templateOrigin: String
  let precision: String
  let notes: [String]

  enum CodingKeys: String, CodingKey {
    case name, family, template, precision, notes
    case templateOrigin = "template_origin"
  }

  init(_ request: String) throws {
    let place = try ModelLocator.locate(request)
    let model = try FamilyCatalogue.load(folder: place.folder, name: place.name, workers: Workers(count: 1))
    name = model.name
    family = model.familyName
    template = model.template?.template.name ?? ""
    templateOrigin = model.template?.origin ?? ""
    precision = model.compute.precision
    notes = model.notes
  }

  var table: [[String]] {
    [["model", "\(name): \(family)"], ["template", "\(template) (\(templateOrigin))"]] + notes.map { ["note", $0] }
  }
}
