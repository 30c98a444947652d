// swift-tools-version: 6.2
import PackageDescription

// Micro-benchmarks of the kernels: swift run -c release --package-path Benchmarks
let package = Package(
  name: "Benchmarks",
  dependencies: [
    // The clone's folder may have any name.
    .package(name: "vlmprune", path: "..")
  ],
  targets: [
    .executableTarget(
      name: "KernelBenchmarks", dependencies: [.product(name: "Kernels", package: "vlmprune")],
      swiftSettings: [.treatAllWarnings(as: .error), .swiftLanguageMode(.v6)])
  ]
)
