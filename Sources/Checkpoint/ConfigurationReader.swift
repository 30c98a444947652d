import Basics

/// One object of a checkpoint's config.json. An absent key, or null, takes the default of transformers' configuration
/// class.
public typealias ConfigurationReader = JSONReader<CheckpointError>

extension CheckpointError: JSONFieldFailure {
  public static func field(_ key: String, found: JSONFinding?, expected: String, file: String) -> CheckpointError {
    .configurationKey(key: key, found: found?.description ?? "missing", expected: expected, file: file)
  }
}
