import Foundation
import TestSupport
import Testing

@testable import Checkpoint

@Suite struct `A checkpoint's identity` {
  private let original = Fixtures.model("tiny-classic").path

  private func copy(to folder: String) throws -> String {
    let copy = "\(folder)/copy"
    try FileManager.default.copyItem(atPath: original, toPath: copy)
    return copy
  }

  @Test func `is 64 digits, the same at another place and at another time`() throws {
    try withTemporaryFolder { folder in
      let copy = try copy(to: folder)
      try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSince1970: 1)], ofItemAtPath: copy)
      for name in try FileManager.default.contentsOfDirectory(atPath: copy) {
        try FileManager.default.setAttributes(
          [.modificationDate: Date(timeIntervalSince1970: 1)], ofItemAtPath: "\(copy)/\(name)")
      }
      let identity = try CheckpointFolder.contentIdentity(of: original)
      #expect(identity.wholeMatch(of: #/[0-9a-f]{64}/#) != nil)
      #expect(try CheckpointFolder.contentIdentity(of: copy) == identity)
    }
  }

  @Test func `changes with any byte of a small file, with a weight, a size and a name`() throws {
    try withTemporaryFolder { folder in
      let copy = try copy(to: folder)
      var seen = [try CheckpointFolder.contentIdentity(of: copy)]
      func expectAnother(_ what: String) throws {
        let identity = try CheckpointFolder.contentIdentity(of: copy)
        #expect(!seen.contains(identity), "\(what)")
        seen.append(identity)
      }
      for name in ["config.json", "tokenizer.json", "model.safetensors"] {
        let bytes = try readFile("\(copy)/\(name)")
        for place in [0, bytes.count / 2, bytes.count - 1] {
          var changed = bytes
          changed[place] ^= 1
          try writeFile(changed, to: "\(copy)/\(name)")
          try expectAnother("\(name), byte \(place)")
        }
        try writeFile(bytes + [0], to: "\(copy)/\(name)")
        try expectAnother("\(name), a byte more")
        try writeFile(bytes, to: "\(copy)/\(name)")
        #expect(try CheckpointFolder.contentIdentity(of: copy) == seen[0])
      }
      try FileManager.default.moveItem(atPath: "\(copy)/config.json", toPath: "\(copy)/other.json")
      try expectAnother("a name")
    }
  }
}
