import Vocabulary

/// What a shell evaluates: `eval $(trails run …)`, unquoted.
///
/// Only names and values of a fixed alphabet, so that no word is split, globbed or expanded: never a name that a person
/// chose, never text of the server.
enum EvalOutput {
    private static let allowed = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./:@+=,-".utf8)

    /// `export NAME=VALUE;`, one a line; a byte outside the alphabet, and the percent sign, is percent-encoded.
    static func exports(_ variables: [(name: String, value: String)]) -> String {
        variables.map { "export \($0.name)=\(self.encoded($0.value));" }.joined(separator: "\n")
    }

    /// What is printed when the command failed: the shell forgets who it was, and a script ends.
    static func failure(exitCode: Int32) -> String {
        "unset TRAILS_APP_ID TRAILS_CHILD_ID TRAILS_PRIVATE_KEY; "
            + "if test -n \"${PS1-}\"; then (exit \(exitCode)); else exit \(exitCode); fi"
    }

    /// Whether these arguments belong to a command whose output a shell evaluates.
    static func isEvaluated(_ arguments: [String]) -> Bool {
        switch arguments.first {
        case "run": !arguments.contains("--")
        case "register", "resume": true
        case "use": arguments.contains("--export")
        default: false
        }
    }

    static func encoded(_ value: String) -> String {
        value.utf8.reduce(into: "") { text, byte in
            if self.allowed.contains(byte) {
                text.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                text += "%" + Hex.encode([byte]).uppercased()
            }
        }
    }

    /// Undoes `encoded`. What is no escape stays as it is.
    static func decoded(_ value: String) -> String {
        var bytes: [UInt8] = []
        var rest = Array(value.utf8)[...]
        while let byte = rest.first {
            let digits = String(decoding: rest.dropFirst().prefix(2), as: UTF8.self)
            if byte == UInt8(ascii: "%"), digits.utf8.count == 2, let escaped = UInt8(digits, radix: 16) {
                bytes.append(escaped)
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
                rest = rest.dropFirst()
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
