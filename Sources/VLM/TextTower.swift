import Checkpoint
import Kernels
import Tokenizer
import ViT

/// CLIP's text tower beside a model, for strategies that read the question through it.
public struct TextTower: Sendable {
  /// The folder that it was loaded from.
  public let folder: String
  let space: ClipJointSpace
  private let tokenizer: Tokenizer

  /// - Parameter path: of a whole CLIP checkpoint with its tokenizer.json.
  public init(folder path: String) throws(VLMError) {
    let (folder, space) = try wrapping { () throws(CheckpointError) in
      let folder = try CheckpointFolder(path: path)
      return (folder, try ClipJointSpace(folder))
    }
    let bytes = try wrapping { () throws(CheckpointError) in try folder.bytes("tokenizer.json") }
    do { tokenizer = try Tokenizer(json: bytes) } catch { throw .tokenizer(error, folder: path) }
    self.folder = path
    self.space = space
  }

  /// The text's segments in the joint space, [segments, joint width]: each as long as the tower reads, the last one
  /// filled up with token 0, as CDPruner cuts them.
  func segments(of text: String, workers: Workers) -> Matrix {
    let tokens = known(tokenizer.encode(text))
    let size = space.configuration.positions
    let starts = stride(from: 0, to: max(tokens.count, 1), by: size)
    let rows = starts.map { start -> [Float] in
      let segment = tokens.dropFirst(start).prefix(size)
      return space.embed(segment + [Int](repeating: 0, count: size - segment.count), workers: workers)
    }
    return Matrix(rows: rows.count, columns: space.configuration.jointWidth, values: rows.flatMap(\.self))
  }

  /// The text in the joint space, [1, joint width]: as much of it as the tower reads, with the token that ends it.
  func whole(_ text: String, workers: Workers) -> Matrix {
    var tokens = known(tokenizer.encode(text))
    let size = space.configuration.positions
    if tokens.count > size, let end = tokens.last { tokens = tokens.prefix(size - 1) + [end] }
    let row = space.embed(tokens.isEmpty ? [0] : tokens, workers: workers)
    return Matrix(rows: 1, columns: row.count, values: row)
  }

  private func known(_ tokens: [Int]) -> [Int] { tokens.filter { $0 < space.configuration.vocabulary } }
}
