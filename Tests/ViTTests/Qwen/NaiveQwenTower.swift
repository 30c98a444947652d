import Basics
import Foundation
import ViT

/// A Qwen tower as its formulas say, in double, with plain loops and whole maps. Patches are never reordered: merge
/// groups stay in raster order, and a window is a mask.
struct NaiveQwenTower {
  typealias Rows = [[Double]]

  let shape: QwenVisionConfiguration
  let weights: [String: [Float]]
  let grid: Grid
  /// Merged cells that take part, ascending.
  let cells: [Int]

  struct Result {
    var embeddings: Rows = []
    var blocks: [Rows] = []
    /// Before rotation.
    var keys: [Rows] = []
    /// [block][head][query][key].
    var maps: [[[[Double]]]] = []
  }

  /// Row and column of each patch in the order of the output.
  var places: [(row: Int, column: Int)] {
    cells.flatMap { cell in
      (0..<4).map { patch in
        (cell / (grid.columns / 2) * 2 + patch / 2, cell % (grid.columns / 2) * 2 + patch % 2)
      }
    }
  }

  func run(_ pixels: [Float]) -> Result {
    var result = Result()
    var hidden = places.map { embed(pixels, row: $0.row, column: $0.column) }
    result.embeddings = hidden
    for layer in 0..<shape.depth {
      let block = "blocks.\(layer)"
      let normed = hidden.map { norm($0, "\(block).norm1") }
      let joint = normed.map { linear($0, "\(block).attn.qkv") }
      result.keys.append(joint.map { Array($0[shape.width..<2 * shape.width]) })
      let (context, maps) = attend(joint, sees: mask(layer))
      result.maps.append(maps)
      for patch in hidden.indices { hidden[patch] = sum(hidden[patch], linear(context[patch], "\(block).attn.proj")) }
      for patch in hidden.indices {
        hidden[patch] = sum(hidden[patch], feedForward(norm(hidden[patch], "\(block).norm2"), "\(block).mlp"))
      }
      result.blocks.append(hidden)
    }
    return result
  }

  /// The merger of the last block (level 0) or of a DeepStack block.
  func merge(_ rows: Rows, level: Int) -> Rows {
    let name = level == 0 ? "merger" : "deepstack_merger_list.\(level - 1)"
    let isThird = shape.positionTableSide != nil
    return stride(from: 0, to: rows.count, by: 4).map { start in
      let group = rows[start..<start + 4]
      let joined =
        level == 0
        ? group.flatMap { norm($0, isThird ? "merger.norm" : "merger.ln_q") }
        : norm(group.flatMap { $0 }, "\(name).norm")
      let inner = linear(joined, "\(name).\(isThird ? "linear_fc1" : "mlp.0")").map { x in
        0.5 * x * (1 + erf(x / 2.0.squareRoot()))
      }
      return linear(inner, "\(name).\(isThird ? "linear_fc2" : "mlp.2")")
    }
  }

  private func embed(_ pixels: [Float], row: Int, column: Int) -> [Double] {
    let size = shape.patchSize
    let (height, width) = (grid.rows * size, grid.columns * size)
    let frames = pixels.count / (3 * height * width)
    var patch: [Double] = []
    for channel in 0..<3 {
      for frame in 0..<2 {
        for y in 0..<size {
          for x in 0..<size {
            let line = ((min(frame, frames - 1) * 3 + channel) * height + row * size + y)
            patch.append(Double(pixels[line * width + column * size + x]))
          }
        }
      }
    }
    var embedded = linear(patch, "patch_embed.proj")
    guard let side = shape.positionTableSide, let table = weights["pos_embed.weight"] else { return embedded }
    // The table's corners lie at the view's corners.
    let y = Double(row) * Double(side - 1) / Double(max(grid.rows - 1, 1))
    let x = Double(column) * Double(side - 1) / Double(max(grid.columns - 1, 1))
    for line in 0..<side {
      for place in 0..<side {
        let weight = max(0, 1 - abs(y - Double(line))) * max(0, 1 - abs(x - Double(place)))
        for channel in 0..<shape.width {
          embedded[channel] += weight * Double(table[(line * side + place) * shape.width + channel])
        }
      }
    }
    return embedded
  }

  private func mask(_ layer: Int) -> (Int, Int) -> Bool {
    guard let side = shape.windowCells, !shape.fullAttentionBlocks.contains(layer) else { return { _, _ in true } }
    let windows = places.map { [$0.row / 2 / side, $0.column / 2 / side] }
    return { windows[$0] == windows[$1] }
  }

  private func attend(_ joint: Rows, sees: (Int, Int) -> Bool) -> (Rows, [[[Double]]]) {
    let (width, size) = (shape.width, shape.headWidth)
    var context = Rows(repeating: [Double](repeating: 0, count: width), count: joint.count)
    var maps: [[[Double]]] = []
    for head in 0..<shape.heads {
      func part(_ patch: Int, _ third: Int) -> [Double] {
        Array(joint[patch][third * width + head * size..<third * width + (head + 1) * size])
      }
      let queries = joint.indices.map { rotate(part($0, 0), at: places[$0]) }
      let keys = joint.indices.map { rotate(part($0, 1), at: places[$0]) }
      var map: [[Double]] = []
      for query in joint.indices {
        let weights = joint.indices.map { key in
          sees(query, key) ? exp(product(queries[query], keys[key]) / Double(size).squareRoot()) : 0
        }
        let total = weights.reduce(0, +)
        map.append(weights.map { $0 / total })
        for key in joint.indices {
          for (channel, value) in part(key, 2).enumerated() {
            context[query][head * size + channel] += weights[key] / total * value
          }
        }
      }
      maps.append(map)
    }
    return (context, maps)
  }

  /// Pairs (i, i + half) turn: the first half of the pairs with the row, the second with the column.
  private func rotate(_ head: [Double], at place: (row: Int, column: Int)) -> [Double] {
    let (half, quarter) = (head.count / 2, head.count / 4)
    var turned = head
    for pair in 0..<half {
      let line = pair < quarter ? place.row : place.column
      let angle = Double(line) * pow(10_000, -2 * Double(pair % quarter) / Double(half))
      turned[pair] = head[pair] * cos(angle) - head[half + pair] * sin(angle)
      turned[half + pair] = head[half + pair] * cos(angle) + head[pair] * sin(angle)
    }
    return turned
  }

  private func feedForward(_ row: [Double], _ name: String) -> [Double] {
    if shape.isGated {
      let gate = linear(row, "\(name).gate_proj").map { $0 / (1 + exp(-$0)) }
      return linear(zip(gate, linear(row, "\(name).up_proj")).map { $0 * $1 }, "\(name).down_proj")
    }
    if shape.positionTableSide == nil {
      return linear(linear(row, "\(name).fc1").map { $0 / (1 + exp(-1.702 * $0)) }, "\(name).fc2")
    }
    let inner = linear(row, "\(name).linear_fc1").map { x in
      0.5 * x * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
    }
    return linear(inner, "\(name).linear_fc2")
  }

  private func norm(_ row: [Double], _ name: String) -> [Double] {
    let gain = (weights["\(name).weight"] ?? []).map(Double.init)
    let count = Double(row.count)
    guard let bias = weights["\(name).bias"] else {
      let size = (row.reduce(0) { $0 + $1 * $1 } / count + 1e-6).squareRoot()
      return zip(row, gain).map { $0 / size * $1 }
    }
    let mean = row.reduce(0, +) / count
    let deviation = (row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count + 1e-6).squareRoot()
    return row.indices.map { (row[$0] - mean) / deviation * gain[$0] + Double(bias[$0]) }
  }

  private func linear(_ row: [Double], _ name: String) -> [Double] {
    let matrix = weights["\(name).weight"] ?? []
    let bias = weights["\(name).bias"]
    return (0..<matrix.count / row.count).map { output in
      var total = bias.map { Double($0[output]) } ?? 0
      for (input, value) in row.enumerated() { total += value * Double(matrix[output * row.count + input]) }
      return total
    }
  }

  private func product(_ first: [Double], _ second: [Double]) -> Double {
    zip(first, second).reduce(0) { $0 + $1.0 * $1.1 }
  }

  private func sum(_ first: [Double], _ second: [Double]) -> [Double] { zip(first, second).map { $0 + $1 } }
}
