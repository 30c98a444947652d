import Checkpoint
import Synchronization

/// Shows the packing of weights where it takes longer than a second.
final class PackingDisplay: Sendable {
  private let stream: Mutex<ProgressStream>

  init(isQuiet: Bool) { stream = Mutex(ProgressStream(isQuiet: isQuiet)) }

  func show(_ progress: PackingProgress) {
    stream.withLock { stream in
      guard stream.elapsed >= .seconds(1) else { return }
      stream.show(isLast: progress.doneBytes == progress.totalBytes) { columns in
        PackingLine.text(doneBytes: progress.doneBytes, totalBytes: progress.totalBytes, columns: columns)
      }
    }
  }

  func finish() { stream.withLock { $0.finish() } }
}
