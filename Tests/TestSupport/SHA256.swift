import Basics

/// The SHA-256 of a message, in lower-case hexadecimal digits.
public func sha256(_ message: [UInt8]) -> String { SHA256.hexadecimal(message) }
