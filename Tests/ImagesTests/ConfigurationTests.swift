import Foundation
import Images
import Testing

@Suite struct `preprocessor_config.json` {
  private func read(_ json: String) throws(ImageError) -> ImageProcessorConfiguration {
    try ImageProcessorConfiguration(json: Data(json.utf8))
  }

  @Test
  func `LLaVA-1.5's file is read`() throws {
    let configuration = try read(
      """
      {"crop_size": {"height": 336, "width": 336}, "do_center_crop": true, "do_convert_rgb": true,
       "do_normalize": true, "do_rescale": true, "do_resize": true, "image_mean": [0.48145466, 0.4578275, 0.40821073],
       "image_processor_type": "CLIPImageProcessor", "image_std": [0.26862954, 0.26130258, 0.27577711], "resample": 3,
       "rescale_factor": 0.00392156862745098, "size": {"shortest_edge": 336}}
      """)
    var expected = ImageProcessorConfiguration.clip
    expected.size = .shortestEdge(336)
    expected.cropSize = .init(height: 336, width: 336)
    expected.rescaleFactor = 0.00392156862745098
    #expect(configuration == expected)
  }

  @Test
  func `absent and null keys take the defaults, CLIP's or those of a family`() throws {
    #expect(try read("{}") == .clip)
    #expect(try read(#"{"size": null, "resample": null, "do_resize": null, "image_std": null}"#) == .clip)
    var family = ImageProcessorConfiguration()
    family.plainSizeIsSquare = true
    family.crops = false
    let configuration = try ImageProcessorConfiguration(json: Data(#"{"size": 256}"#.utf8), defaults: family)
    #expect(configuration.size == .exact(height: 256, width: 256))
    #expect(!configuration.crops)
  }

  @Test
  func `processor_config.json nests it under image_processor`() throws {
    let configuration = try read(#"{"image_processor": {"size": {"shortest_edge": 30}}, "patch_size": 14}"#)
    #expect(configuration.size == .shortestEdge(30))
  }

  @Test
  func `an object without any of the image processor's keys is the wrong file`() {
    #expect(throws: ImageError.self) { try read(#"{"patch_size": 14, "processor_class": "LlavaProcessor"}"#) }
    #expect(throws: Never.self) { try read(#"{"image_processor_type": "CLIPImageProcessor"}"#) }
  }

  @Test(arguments: [
    (#"{"size": 30}"#, ImageProcessorConfiguration.Size.shortestEdge(30)),
    (#"{"size": 30, "default_to_square": true}"#, .exact(height: 30, width: 30)),
    (#"{"size": [20, 30]}"#, .exact(height: 20, width: 30)),
    (#"{"size": {"height": 20, "width": 30}}"#, .exact(height: 20, width: 30)),
    (#"{"size": {"shortest_edge": 20, "longest_edge": 30}}"#, .edges(shortest: 20, longest: 30)),
    (#"{"size": {"shortest_edge": 20, "longest_edge": null}}"#, .shortestEdge(20)),
  ])
  func `sizes are read in every spelling`(json: String, size: ImageProcessorConfiguration.Size) throws {
    #expect(try read(json).size == size)
  }

  @Test
  func `do_convert_rgb decides whether a clear colour is painted white`() throws {
    #expect(try read("{}").transparency == .asLoaded)
    #expect(try read(#"{"do_convert_rgb": true}"#).transparency == .asLoaded)
    #expect(try read(#"{"do_convert_rgb": false}"#).transparency == .dropped)
  }

  @Test(arguments: [
    (#"{"size": 0}"#, "size"), (#"{"size": -1}"#, "size"), (#"{"size": {"shortest_edge": 1000000}}"#, "size"),
    (#"{"size": {"height": 3}}"#, "size"), (#"{"size": "big"}"#, "size"), (#"{"size": [1, 2, 3]}"#, "size"),
    (#"{"crop_size": {"shortest_edge": 3}}"#, "crop_size"), (#"{"crop_size": 99999}"#, "crop_size"),
    (#"{"image_mean": [0.1, 0.2]}"#, "image_mean"), (#"{"image_mean": [0.1, 0.2, 1e300]}"#, "image_mean"),
    (#"{"image_std": [0.1, 0, 0.2]}"#, "image_std"), (#"{"image_std": 0}"#, "image_std"),
    (#"{"image_std": [1e-60, 1, 1]}"#, "image_std"), (#"{"resample": 6}"#, "resample"),
    (#"{"resample": "bicubic"}"#, "resample"), (#"{"rescale_factor": 0}"#, "rescale_factor"),
    (#"{"do_resize": "yes"}"#, "do_resize"), (#"{"image_processor": {"size": 0}}"#, "size"),
  ])
  func `a value that cannot be used is an error that names its key`(json: String, key: String) throws {
    let error = #expect(throws: ImageError.self) { try read(json) }
    let message = try #require(error?.message)
    #expect(message.contains(key) && !message.contains("\n"), "\(message)")
  }

  @Test(arguments: ["", "{", "[]", "3", "null", "\u{0}"])
  func `what is not JSON, or not an object, is an error`(json: String) throws {
    let error = #expect(throws: ImageError.self) { try read(json) }
    #expect(error?.hint.contains("preprocessor_config.json") == true)
  }
}
