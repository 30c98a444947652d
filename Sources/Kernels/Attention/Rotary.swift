import Foundation

/// How the frequencies of rotary position embeddings are stretched for long contexts.
public enum RotaryScaling: Sendable, Hashable {
  case none
  /// All frequencies divided by a factor.
  case linear(factor: Double)
  /// LLaMA-3: low frequencies divided by a factor, high ones kept, a smooth ramp between.
  case llama3(factor: Double, lowFrequencyFactor: Double, highFrequencyFactor: Double, originalContext: Double)
}

/// Rotary position embeddings on the half-split layout of Hugging Face: channel i turns with channel i + headWidth/2.
public struct Rotary: Sendable {
  public let headWidth: Int
  /// Angle per position, [headWidth / 2].
  public let frequencies: [Float]
  public let sections: RotarySections
  /// The number of a position that each frequency multiplies, [headWidth / 2].
  public let axes: [Position.Axis]

  public init(
    headWidth: Int, theta: Double, scaling: RotaryScaling = .none, sections: RotarySections = .none
  ) {
    precondition(headWidth > 0 && headWidth % 2 == 0, "rotation works on pairs of channels")
    self.headWidth = headWidth
    self.sections = sections
    axes = sections.axes(headWidth / 2)
    frequencies = stride(from: 0, to: headWidth, by: 2).map { channel in
      // In float32, as the reference computes them: in double, angles at position 4,000 would differ visibly.
      let plain = 1 / Foundation.pow(Float(theta), Float(channel) / Float(headWidth))
      return Self.scaled(plain, scaling)
    }
  }

  /// Cosines and sines for `positions`: [positions, headWidth / 2] each.
  public func table(positions: [Position]) -> RotaryTable {
    let half = headWidth / 2
    var table = RotaryTable(
      cosines: Matrix(rows: positions.count, columns: half), sines: Matrix(rows: positions.count, columns: half))
    for (row, position) in positions.enumerated() {
      for channel in 0..<half {
        let angle = Float(position[axes[channel]]) * frequencies[channel]
        table.cosines.values[row * half + channel] = Foundation.cos(angle)
        table.sines.values[row * half + channel] = Foundation.sin(angle)
      }
    }
    return table
  }

  private static func scaled(_ frequency: Float, _ scaling: RotaryScaling) -> Float {
    switch scaling {
    case .none: return frequency
    case .linear(let factor): return frequency / Float(factor)
    case .llama3(let factor, let low, let high, let context):
      let wavelength = 2 * Float.pi / frequency
      if wavelength > Float(context / low) { return frequency / Float(factor) }
      if wavelength < Float(context / high) { return frequency }
      let smooth = (Float(context) / wavelength - Float(low)) / Float(high - low)
      return (1 - smooth) * frequency / Float(factor) + smooth * frequency
    }
  }
}

/// The angles of a run of positions, shared by all layers.
public struct RotaryTable: Sendable {
  /// [positions, headWidth / 2].
  public var cosines: Matrix
  /// [positions, headWidth / 2].
  public var sines: Matrix

  /// The angles of the last `positions`.
  public func suffix(_ positions: Int) -> RotaryTable {
    guard positions < cosines.rows else { return self }
    func last(_ angles: Matrix) -> Matrix {
      Matrix(
        rows: positions, columns: angles.columns, values: Array(angles.values.suffix(positions * angles.columns)))
    }
    return RotaryTable(cosines: last(cosines), sines: last(sines))
  }

  /// The angles of some of the positions.
  public func rows(_ positions: [Int]) -> RotaryTable {
    func chosen(_ angles: Matrix) -> Matrix {
      Matrix(rows: positions.count, columns: angles.columns, values: positions.flatMap { angles.row($0) })
    }
    return RotaryTable(cosines: chosen(cosines), sines: chosen(sines))
  }

  /// Rotates rows [positions, heads · headWidth] in place.
  public func rotate(_ rows: inout MutableSpan<Float>, heads: Int, workers: Workers) {
    let half = cosines.columns
    let width = heads * half * 2
    precondition(rows.count >= cosines.rows * width, "one row a position")
    cosines.values.withUnsafeBufferPointer { cosines in
      sines.values.withUnsafeBufferPointer { sines in
        rows.withUnsafeMutableBufferPointer { rows in
          let (cosines, sines) = (SharedSpan(reading: cosines), SharedSpan(reading: sines))
          let rows = SharedSpan(writing: rows)
          workers.forEachRange(of: self.cosines.rows, grain: 32) { range in
            for row in range {
              let angles = row * half..<(row + 1) * half
              for head in 0..<heads {
                let start = row * width + head * half * 2
                VectorMath.rotateHalf(
                  rows.writable(start..<start + half * 2), cosines: cosines[angles], sines: sines[angles])
              }
            }
          }
        }
      }
    }
  }
}
