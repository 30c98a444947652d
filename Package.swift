// swift-tools-version: 6.2
import PackageDescription

// Warnings are errors in our own targets only: dependencies are built with warnings suppressed,
// and a package-wide flag would conflict with that.
let strictSwift: [SwiftSetting] = [.treatAllWarnings(as: .error), .swiftLanguageMode(.v6)]
let strictC: [CSetting] = [.treatAllWarnings(as: .error)]

func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: strictSwift)
}

func tests(of name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(
    name: "\(name)Tests", dependencies: dependencies + ["TestSupport"], swiftSettings: strictSwift)
}

/// What `--version` prints: the commit, marked where the working tree differs from it. Nothing outside git, in an
/// archive say. SwiftPM caches what a manifest says without looking at the commit: a clone is right, a tree that was
/// built before may tell an older commit. It does look at the environment, so whoever builds to install sets the
/// variable.
let commit =
  Context.environment["VLMPRUNE_COMMIT"].flatMap { $0.isEmpty ? nil : $0 }
  ?? Context.gitInformation.map { $0.currentCommit.prefix(12) + ($0.hasUncommittedChanges ? "_changed" : "") }

/// What only the trait "Server" needs.
func server(_ product: String, _ package: String) -> Target.Dependency {
  .product(name: product, package: package, condition: .when(traits: ["Server"]))
}

let httpServer = [
  server("Hummingbird", "hummingbird"), server("HummingbirdCore", "hummingbird"), server("NIOCore", "swift-nio"),
  server("NIOHTTP1", "swift-nio"),
  server("NIOHTTPTypesHTTP1", "swift-nio-extras"), server("Logging", "swift-log"),
  server("HTTPTypes", "swift-http-types"),
  server("ServiceLifecycle", "swift-service-lifecycle"),
]

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
  name: "vlmprune",
  products: [
    .library(name: "Kernels", targets: ["Kernels"]),
    .library(name: "Pruning", targets: ["Pruning"]),
    .library(name: "ViT", targets: ["ViT"]),
    .library(name: "VLM", targets: ["VLM"]),
    .executable(name: "vlmprune", targets: ["vlmprune"]),
  ],
  traits: [
    .trait(name: "Server", description: "The command serve: an HTTP server with OpenAI's chat completions."),
    .default(enabledTraits: ["Server"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1", traits: []),
    .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-extras", exact: "1.35.2"),
    .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
    .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0", traits: []),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
  ],
  targets: [
    .systemLibrary(name: "COpenBLAS", providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(name: "COneDNN", providers: [.apt(["libdnnl-dev"])]),
    .systemLibrary(name: "CTurboJPEG", providers: [.apt(["libturbojpeg0-dev"])]),
    .systemLibrary(name: "CMalloc"),
    .target(name: "CPNG", cSettings: strictC, linkerSettings: [.linkedLibrary("png"), .linkedLibrary("z")]),
    .target(
      name: "CBuildInformation", cSettings: strictC + [.define("BUILD_COMMIT", to: String(commit ?? "unknown"))]),
    .target(name: "CKernels", cSettings: strictC, linkerSettings: [.linkedLibrary("m")]),
    .target(name: "CTeam", cSettings: strictC),

    module("Basics"),
    module("Kernels", ["COpenBLAS", "COneDNN", "CKernels", "CTeam"]),
    module("Checkpoint", ["Basics", "Kernels"]),
    module("Tokenizer", ["Basics"]),
    module("Images", ["Basics", "CPNG", "CTurboJPEG"]),
    module("Pruning", ["Basics", "Kernels"]),
    module("ViT", ["Kernels", "Checkpoint", "Pruning"]),
    module("Language", ["Basics", "Kernels", "Checkpoint", "Tokenizer"]),
    module("VLM", ["ViT", "Images", "Language"]),
    module("Measurement", ["VLM"]),
    module("Evaluation", ["VLM"]),
    module("Serving", ["VLM"] + httpServer),
    .executableTarget(
      name: "vlmprune",
      dependencies: [
        "Evaluation", "Measurement", "Serving", "CBuildInformation", "CMalloc", argumentParser,
        server("Logging", "swift-log"),
      ],
      swiftSettings: strictSwift),

    .target(
      name: "TestSupport", dependencies: ["Basics", "Kernels", "Checkpoint", "Pruning"], path: "Tests/TestSupport",
      swiftSettings: strictSwift),
    tests(of: "Basics", ["Basics"]),
    tests(of: "Tokenizer", ["Tokenizer", "Checkpoint"]),
    tests(of: "Kernels", ["Kernels"]),
    tests(of: "Checkpoint", ["Checkpoint"]),
    tests(of: "Language", ["Language"]),
    tests(of: "Images", ["Images"]),
    tests(of: "Pruning", ["Pruning"]),
    tests(of: "ViT", ["ViT", "Images"]),
    tests(of: "VLM", ["VLM", "Measurement"]),
    tests(of: "Measurement", ["Measurement"]),
    tests(of: "Evaluation", ["Evaluation"]),
    tests(of: "Serving", ["Serving", "VLM", server("Logging", "swift-log")]),
    tests(of: "CLI", ["vlmprune", "VLM"]),
  ]
)
