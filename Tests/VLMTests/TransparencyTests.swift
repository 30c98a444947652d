import Foundation
import TestSupport
import Testing
import VLM

/// The facts are Pillow's and transformers' (fixtures/generate/images.py): `load_image` makes RGB of a picture and
/// remembers its clear colour; the processor's `convert_to_rgb` then paints that colour white.
@Suite struct `A picture with a clear colour` {
  private struct Facts: Decodable {
    let digest: String
    let loaded: String
  }

  @Test(arguments: ["tiny-classic", "tiny-next-mistral", "tiny-video"], ["clear-entry.png", "clear-rgb.png"])
  func `is painted white unless do_convert_rgb is false`(checkpoint name: String, picture: String) throws {
    let json = try readFile(Fixtures.url("golden/images/pictures.json").path)
    let facts = try #require(try JSONDecoder().decode([String: AnyFacts].self, from: Data(json))[picture]?.facts)
    let bytes = try readFile(Fixtures.url("golden/images/pictures/\(picture)").path)
    for (converts, expected) in [(true, facts.loaded), (false, facts.digest)] {
      try withTemporaryFolder { parent in
        let checkpoint = BrokenCheckpoint(folder: "\(parent)/checkpoint")
        try FileManager.default.copyItem(atPath: Fixtures.model(name).path, toPath: checkpoint.folder)
        try checkpoint.edit("preprocessor_config.json") { $0["do_convert_rgb"] = converts }
        let image = try checkpoint.load().picture(bytes, file: picture).image
        let digits = String(image.digest, radix: 16)
        #expect(String(repeating: "0", count: 16 - digits.count) + digits == expected, "do_convert_rgb \(converts)")
      }
    }
  }

  /// Facts of pictures that Pillow refuses have neither digest.
  private struct AnyFacts: Decodable {
    let facts: Facts?

    init(from decoder: any Decoder) throws { facts = try? Facts(from: decoder) }
  }
}
