import ArgumentParser
import Foundation
import Kernels
import VLM

/// What every command that computes takes: number format, library, and where packed weights are kept.
struct ComputeArguments: ParsableArguments {
  @Option(
    name: .long,
    help: "Number format of the products: f32, bf16, int8 or auto (what this CPU is fastest at without losing answers)."
  )
  var precision: Precision = .auto

  @Option(
    name: .long,
    help: "What multiplies: native (our own kernels, oneDNN where there are none), onednn, or openblas (the reference)."
  )
  var backend: BackEnd = .native

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Folder that keeps packed weights between runs; ~/.cache/vlmprune when left out.", valueName: "dir"))
  var modelCache: String?

  @Flag(name: .long, help: "Pack the weights anew and keep nothing.")
  var noModelCache = false

  func validate() throws {
    if let modelCache, modelCache.isEmpty { throw ValidationError("--model-cache is empty") }
    if modelCache != nil, noModelCache {
      throw ValidationError("--model-cache and --no-model-cache exclude each other")
    }
  }

  /// The folder of packed weights; nil when none is wanted.
  var cacheFolder: String? { noModelCache ? nil : modelCache ?? Self.defaultCacheFolder }

  static var defaultCacheFolder: String {
    if let cache = ProcessInfo.processInfo.environment["XDG_CACHE_HOME"], cache.hasPrefix("/") {
      return "\(cache)/vlmprune"
    }
    return "\(ModelLocator.home(ProcessInfo.processInfo.environment))/.cache/vlmprune"
  }

  /// - Parameters:
  ///   - auto: what `auto` means; nil: the model's size and the CPU decide.
  ///   - display: shows how far packing is; a note ends its line.
  func options(auto: Precision? = nil, display: PackingDisplay) -> ComputeOptions {
    ComputeOptions(
      precision: precision == .auto ? auto ?? .auto : precision, backEnd: backend, cacheFolder: cacheFolder,
      notice: { line in
        display.finish()
        StandardError.write("note: \(line)\n")
      }, progress: display.show)
  }
}

extension Precision: ExpressibleByArgument {}
extension BackEnd: ExpressibleByArgument {}
