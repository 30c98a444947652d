import Dispatch
import Foundation
import Kernels
import Pruning

/// Where features of pictures are kept between runs.
public struct FeatureFolder: Sendable {
  public var path: String
  /// Which checkpoint made them: `CheckpointFolder.contentIdentity`.
  public var checkpoint: String
  /// Most bytes of all files; the oldest go first.
  public var mostBytes: Int
  /// Called with one line when a file could not be used or written; the picture is then encoded again.
  public var notice: @Sendable (String) -> Void

  public init(
    path: String, checkpoint: String, mostBytes: Int = 4 << 30, notice: @escaping @Sendable (String) -> Void = { _ in }
  ) {
    self.path = path
    self.checkpoint = checkpoint
    self.mostBytes = mostBytes
    self.notice = notice
  }
}

/// Features of one model's pictures in a folder, a file a picture. Files are written by a thread of their own, so that
/// no answer waits for a disk.
final class FeatureFiles: Sendable {
  private let folder: FeatureFolder
  /// What features depend on beside the picture.
  private let maker: String
  private let writing = DispatchQueue(label: "feature files", qos: .utility)

  init(_ folder: FeatureFolder, model: VisionLanguageModel) {
    self.folder = folder
    // Other code sums in another order.
    maker = [
      folder.checkpoint, model.textTower?.folder ?? "", model.compute.backEnd.rawValue,
      model.compute.formats.tower.rawValue, InstructionSet.current.rawValue,
    ].joined(separator: "\n")
  }

  private func path(_ key: FeatureFileKey) -> String { "\(folder.path)/\(key.name)\(FeatureFile.suffix)" }

  /// What was kept of a picture; nil if nothing was, or if it is damaged.
  func read(_ identity: PictureIdentity) -> (picture: EncodedPicture, evidence: Evidence)? {
    let key = FeatureFileKey(maker: maker, picture: identity)
    do throws(FeatureFileError) {
      return try FeatureFile.read(path(key), key: key)
    } catch {
      if error != .absent { folder.notice("\(path(key)): \(error.reason); the picture is encoded again") }
      return nil
    }
  }

  /// Keeps what is known of a picture, soon. A disk that takes nothing more is told to `notice`.
  func write(_ identity: PictureIdentity, _ known: (picture: EncodedPicture, evidence: Evidence)) {
    let key = FeatureFileKey(maker: maker, picture: identity)
    let (folder, path) = (folder, path(key))
    writing.async {
      do throws(FeatureFileError) {
        try FeatureFile.write(known.picture, known.evidence, to: path, key: key)
        Self.makeRoom(folder, keeping: path)
      } catch {
        folder.notice("features are not kept: \(error.reason)")
      }
    }
  }

  /// Returns when all that was handed over is written.
  func finish() async {
    await withCheckedContinuation { continuation in writing.async { continuation.resume() } }
  }

  /// Removes the oldest files while there are too many bytes.
  private static func makeRoom(_ folder: FeatureFolder, keeping kept: String) {
    let keys: Set<URLResourceKey> = [.fileSizeKey, .contentModificationDateKey]
    let files =
      (try? FileManager.default.contentsOfDirectory(
        at: URL(fileURLWithPath: folder.path), includingPropertiesForKeys: Array(keys))) ?? []
    var found: [(path: String, size: Int, date: Date)] = []
    for file in files where file.path.hasSuffix(FeatureFile.suffix) {
      guard let values = try? file.resourceValues(forKeys: keys), let size = values.fileSize,
        let date = values.contentModificationDate
      else { continue }
      found.append((file.path, size, date))
    }
    var total = found.reduce(0) { $0 + $1.size }
    for file in found.sorted(by: { ($0.date, $0.path) < ($1.date, $1.path) }) where total > folder.mostBytes {
      guard file.path != kept else { continue }
      unlink(file.path)
      total -= file.size
    }
  }
}
