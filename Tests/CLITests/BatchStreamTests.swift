import Foundation
import TestSupport
import Testing

/// `batch` on the tiny checkpoint with a pipe at either end, as a caller has it who waits for answers.
final class BatchSession {
  private let scratch: Scratch
  private let child: ChildProcess
  private var (input, output): (Int32, Int32)
  private var buffer: [UInt8] = []

  convenience init(_ more: String...) throws { try self.init(more) }

  init(_ more: [String]) throws {
    scratch = try Scratch()
    var (write, read): ([Int32], [Int32]) = ([0, 0], [0, 0])
    #expect(pipe(&write) == 0 && pipe(&read) == 0)
    for end in write + read { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    let command = Command(["batch", "--model", classic, "--max-new-tokens", "8"] + more)
    child = try ChildProcess(
      command.command, environment: command.completeEnvironment(home: scratch.folder), input: .descriptor(write[0]),
      output: .descriptor(read[1]), errors: scratch.path("err"))
    close(write[0])
    close(read[1])
    (input, output) = (write[1], read[0])
  }

  deinit { for end in [input, output] where end >= 0 { close(end) } }

  func write(_ text: String) {
    let bytes = Array(text.utf8)
    #expect(Glibc.write(input, bytes, bytes.count) == bytes.count)
  }

  func read() throws -> JSONObject { try #require(try next(), "the output ended: \(errors())") }

  /// The next line, waited for at most a minute; nil at the end.
  func next() throws -> JSONObject? {
    while true {
      if let end = buffer.firstIndex(of: 0x0A) {
        let line = Data(buffer[..<end])
        buffer.removeSubrange(...end)
        return try #require(try JSONSerialization.jsonObject(with: line) as? JSONObject)
      }
      var watched = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
      try #require(poll(&watched, 1, 60_000) == 1, "no answer: \(errors())")
      var piece = [UInt8](repeating: 0, count: 65536)
      let count = Glibc.read(output, &piece, piece.count)
      guard count > 0 else { return nil }
      buffer += piece[..<count]
    }
  }

  /// Sends a line, and waits for its answer.
  func answer(_ line: String) throws -> JSONObject {
    write(line + "\n")
    return try read()
  }

  /// Whether nothing of a line is left over.
  var holdsNoPiece: Bool { buffer.isEmpty }

  func stopReading() {
    close(output)
    output = -1
  }

  /// The largest resident size so far.
  var peakKilobytes: Int {
    let line = child.status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    return line.flatMap { Int($0.filter(\.isNumber)) } ?? 0
  }

  func signal(_ number: Int32) { child.signal(number) }

  /// Ends the input, unless `byItself`, and waits for the process.
  func finish(byItself: Bool = false) -> ChildProcess.End {
    if !byItself {
      close(input)
      input = -1
    }
    return child.wait(seconds: 60)
  }

  /// What it wrote to stderr so far.
  func errors() -> String { String(decoding: (try? scratch.bytes("err")) ?? [], as: UTF8.self) }
}

@Suite struct `Lines of a batch, one at a time` {
  @Test(arguments: [[], ["--unordered"]])
  func `an answer comes before the next line is written`(more: [String]) throws {
    let session = try BatchSession(more)
    for number in 0..<5 {
      #expect(try session.answer(line("\(number)", number % 2 == 0 ? square : wide))["id"] as? Int == number)
    }
    #expect(errorText(try session.answer("nonsense")).contains("line 6"))
    #expect(session.finish().exitCode == 0)
    #expect(session.errors().contains("6 lines answered, 1 of them with an error"))
  }

  @Test
  func `a line that comes in pieces is one line`() throws {
    let session = try BatchSession()
    let text = Array(line("1"))
    session.write(String(text[..<9]))
    session.write(String(text[9...]) + "\n" + String(text[..<4]))
    #expect(try session.read()["id"] as? Int == 1)
    session.write(String(text[4...]))
    let end = session.finish()
    #expect(try session.read()["id"] as? Int == 1 && end.exitCode == 0)
  }

  @Test
  func `a reader that leaves ends the process at once, although it waits for lines`() throws {
    let session = try BatchSession()
    _ = try session.answer(line("1"))
    session.stopReading()
    let end = session.finish(byItself: true)
    #expect(end.signal == SIGPIPE && !end.isTimedOut)
    #expect(session.errors().isEmpty)
  }

  @Test(arguments: [SIGTERM, SIGINT])
  func `a signal ends the process after whole lines`(signal: Int32) throws {
    let session = try BatchSession()
    _ = try session.answer(line("1"))
    for number in 2..<40 { session.write(line("\(number)") + "\n") }
    #expect(try session.read()["id"] as? Int == 2)
    session.signal(signal)
    let end = session.finish(byItself: true)
    #expect(end.exitCode == 128 + signal && !end.isTimedOut)
    // Whatever came out is lines; then the output ends.
    while try session.next() != nil {}
    #expect(session.holdsNoPiece)
  }

  @Test
  func `memory does not depend on the number of lines`() throws {
    let session = try BatchSession("--threads", "1")
    func peak(after numbers: Range<Int>) throws -> Int {
      for number in numbers {
        _ = try session.answer(line("\(number)", number % 2 == 0 ? square : wide, "What is \(number)?"))
      }
      return session.peakKilobytes
    }
    let (few, many) = (try peak(after: 0..<200), try peak(after: 200..<2000))
    #expect(few > 0 && Double(many) < 1.05 * Double(few), "\(few) KiB after 200 lines, \(many) KiB after 2000")
    #expect(session.finish().exitCode == 0)
  }
}
