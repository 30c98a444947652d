import Basics
import Kernels

extension JSONReader {
  /// An activation by its Hugging Face name.
  public func activation(_ key: String, default fallback: Activation) throws(Failure) -> Activation {
    let name = try string(key, default: fallback.rawValue)
    guard let activation = Activation(rawValue: name) else {
      let known = Activation.allCases.map(\.rawValue).joined(separator: ", ")
      throw error(key, found: "\"\(name)\"", expected: "one of \(known)")
    }
    return activation
  }
}
