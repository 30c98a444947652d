import Foundation

/// A resampling filter, with Pillow's number for it (`resample` in preprocessor_config.json).
public enum ResamplingFilter: Int, Sendable, CaseIterable {
  case nearest = 0
  case lanczos = 1
  case bilinear = 2
  case bicubic = 3
  case box = 4
  case hamming = 5

  /// How far the filter reaches, in pixels of the coarser side. Nearest has no weights.
  var support: Double {
    switch self {
    case .nearest: return 0
    case .box: return 0.5
    case .bilinear, .hamming: return 1
    case .bicubic: return 2
    case .lanczos: return 3
    }
  }

  /// The weight at a distance, as Pillow's Resample.c computes it, operation by operation.
  func weight(at distance: Double) -> Double {
    let x = abs(distance)
    switch self {
    case .nearest:
      return 0
    case .box:
      return distance > -0.5 && distance <= 0.5 ? 1 : 0
    case .bilinear:
      return x < 1 ? 1 - x : 0
    case .hamming:
      if x == 0 { return 1 }
      if x >= 1 { return 0 }
      let angle = x * Double.pi
      return sin(angle) / angle * (0.54 + 0.46 * cos(angle))
    case .bicubic:
      let a = -0.5
      if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
      if x < 2 { return (((x - 5) * x + 8) * x - 4) * a }
      return 0
    case .lanczos:
      return distance >= -3 && distance < 3 ? sinc(distance) * sinc(distance / 3) : 0
    }
  }

  private func sinc(_ x: Double) -> Double {
    if x == 0 { return 1 }
    let angle = x * Double.pi
    return sin(angle) / angle
  }
}
