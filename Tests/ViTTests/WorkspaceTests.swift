import Kernels
import TestSupport
import Testing
import ViT

@Suite struct `A tower's activations` {
  /// With one thread, so that the same rooms are taken every time: how many of several work at once is the system's
  /// choice.
  @Test(arguments: TinyEncoder.all)
  func `are rooms of the pool, which the second view takes again`(_ encoder: TinyEncoder) throws {
    let tower = try encoder.classifier().tower
    let pixels = try encoder.golden().floats("pixel_values")
    let workers = Workers(count: 1)
    var request = EncodingRequest()
    request.hiddenLayers = [encoder.depth - 1]
    request.taps[1] = [.received(.all), .patchSums(.softmax)]
    request.keyLayers = [encoder.depth - 1]
    let first = tower.encode(pixels, request: request, workers: workers)
    let shape = tower.configuration
    let size = shape.tokens * (6 * shape.width + shape.feedForwardWidth) * MemoryLayout<Float>.size
    #expect(workers.workspaces.keptBytes >= size)
    let allocations = workers.workspaces.allocations
    for _ in 0..<3 {
      let next = tower.encode(pixels, request: request, workers: workers)
      #expect(next.hidden == first.hidden && next.taps == first.taps && next.keys == first.keys)
    }
    #expect(workers.workspaces.allocations == allocations)
  }
}
