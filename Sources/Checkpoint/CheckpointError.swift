/// What can be wrong with a checkpoint on disk.
public enum CheckpointError: Error, Sendable, Hashable {
  case unreadable(file: String, reason: String)
  case unwritable(file: String, reason: String)
  /// Not a safetensors file, or a broken one.
  case malformed(file: String, reason: String)
  case missingTensor(name: String, file: String)
  case shape(name: String, expected: [Int], found: [Int], file: String)
  case unsupportedType(name: String, type: String, file: String)
  /// Weights in the packed form of some quantisation method.
  case quantised(method: String, file: String)
  case unusedTensors(names: [String], file: String)
  /// A folder without weights that can be read.
  case noWeights(folder: String, found: String?)
  case configuration(file: String, reason: String)
  /// A configuration key with a value that cannot be used.
  case configurationKey(key: String, found: String, expected: String, file: String)
  /// A weight matrix with more input channels than products of its number format can sum.
  case tooWide(name: String, found: Int, limit: Int, format: String, file: String)

  /// One line: what is wrong, and where.
  public var message: String {
    switch self {
    case .unreadable(let file, let reason): "cannot read \(file): \(reason)"
    case .unwritable(let file, let reason): "cannot write \(file): \(reason)"
    case .malformed(let file, let reason): "\(file) is not a valid safetensors file: \(reason)"
    case .missingTensor(let name, let file): "tensor \(name) is missing in \(file)"
    case .shape(let name, let expected, let found, let file):
      "tensor \(name) in \(file) has shape \(found), expected \(expected)"
    case .unsupportedType(let name, let type, let file): "tensor \(name) in \(file) has unsupported type \(type)"
    case .quantised(let method, let file): "\(file) describes weights quantised by \(method), which is not supported"
    case .unusedTensors(let names, let file):
      "\(file) holds \(names.count) tensors that this model does not use: "
        + names.prefix(3).joined(separator: ", ") + (names.count > 3 ? ", …" : "")
    case .noWeights(let folder, nil): "\(folder) holds no model.safetensors"
    case .noWeights(let folder, let found?): "\(folder) holds \(found), which is not supported"
    case .configuration(let file, let reason): "\(file): \(reason)"
    case .configurationKey(let key, let found, let expected, let file):
      "\(file): \"\(key)\" is \(found), expected \(expected)"
    case .tooWide(let name, let found, let limit, let format, let file):
      "tensor \(name) in \(file) has \(found) input channels, and products in \(format) take \(limit) at most"
    }
  }

  /// One line: what to do.
  public var hint: String {
    switch self {
    case .unreadable: "check the path and its permissions"
    case .unwritable: "choose a path in a folder that exists and can be written"
    case .malformed: "download the file again: it is truncated or damaged"
    case .missingTensor, .shape, .unusedTensors:
      "config.json and the weights do not belong together, or this is another kind of model"
    case .unsupportedType, .quantised:
      "convert the checkpoint to float16, bfloat16 or float32 safetensors: model.dequantize(), then save_pretrained"
    case .noWeights(_, nil):
      "a checkpoint folder holds config.json, model.safetensors (or its index) and tokenizer.json"
    case .noWeights: "convert it: AutoModel.from_pretrained(DIR).save_pretrained(OUT) writes safetensors"
    case .configurationKey: "this kind of model is not supported, or config.json is damaged"
    case .tooWide: "choose --precision bf16 or f32"
    case .configuration: "the file is not what Hugging Face transformers writes for this model; download it again"
    }
  }
}
