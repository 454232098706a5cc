import Vocabulary

/// Variables in a file, as shells and other tools write them.
///
/// ```
/// # a remark
/// NAME=value                 # and one behind a value
/// export NAME="two\nlines"
/// NAME='as it is'
/// ```
/// Nothing is replaced in values: a `$` is a `$`.
enum Dotenv {
    static func parse(_ bytes: [UInt8], path: String) throws(SettingsError) -> [String: String] {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw SettingsError(path, "not UTF-8 text") }
        var variables: [String: String] = [:]
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let line = String(line).trimmingSpaces
            guard !line.isEmpty, !line.hasPrefix("#") else { continue }
            guard let (name, value) = Self.pair(line) else {
                // What stands there may be a secret.
                throw SettingsError(
                    path, line: index + 1, "this line sets no variable", hint: "write NAME=value, or NAME=\"value\"")
            }
            variables[name] = value
        }
        return variables
    }

    private static func pair(_ line: String) -> (String, String)? {
        guard let match = line.wholeMatch(of: /(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)/),
            let value = Self.value(String(match.2))
        else { return nil }
        return (String(match.1), value)
    }

    private static func value(_ text: String) -> String? {
        guard let quote = text.first, quote == "\"" || quote == "'" else {
            return (text.firstRange(of: " #").map { String(text[..<$0.lowerBound]) } ?? text).trimmingSpaces
        }
        var value = ""
        var rest = text.dropFirst()
        while let character = rest.popFirst() {
            switch character {
            case quote:
                let behind = String(rest).trimmingSpaces
                return behind.isEmpty || behind.hasPrefix("#") ? value : nil
            case "\\" where quote == "\"":
                guard let escaped = rest.popFirst() else { return nil }
                value += Self.escapes[escaped].map(String.init) ?? "\\\(escaped)"
            default: value.append(character)
            }
        }
        return nil
    }

    private static let escapes: [Character: Character] = ["n": "\n", "t": "\t", "\"": "\"", "\\": "\\", "$": "$"]
}
