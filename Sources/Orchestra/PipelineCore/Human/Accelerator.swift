/// The key of a choice and the label without it: `[Y] Yes`, `Y) Yes`, `Y - Yes`, or just `Yes` (spec/orchestra.md 2.8).
package struct Accelerator: Sendable, Hashable {
    /// Upper case; empty for an empty label.
    package let key: String
    package let label: String

    package init(_ text: String) {
        let trimmed = text.trimmed
        if let prefixed = Self.prefixed(Array(trimmed)) {
            self = prefixed
        } else {
            self.init(key: trimmed.first.map { $0.uppercased() } ?? "", label: trimmed)
        }
    }

    private init(key: String, label: String) {
        self.key = key
        self.label = label
    }

    /// The label as routing compares it: without accelerator, trimmed, lower case.
    package static func normalized(_ text: String) -> String {
        let trimmed = Array(text.trimmed)
        return (Self.prefixed(trimmed)?.label ?? String(trimmed)).trimmed.lowercased()
    }

    private static func prefixed(_ text: [Character]) -> Self? {
        if text.count >= 3, text[0] == "[", text[1].isWord, text[2] == "]" {
            return Self(key: text[1].uppercased(), label: String(text[3...]).trimmed)
        }
        guard let first = text.first, first.isWord else { return nil }
        if text.count >= 2, text[1] == ")" {
            return Self(key: first.uppercased(), label: String(text[2...]).trimmed)
        }
        guard text.count >= 4, text[1] == " ", text[2] == "-" || text[2] == "–", text[3] == " " else { return nil }
        return Self(key: first.uppercased(), label: String(text[4...]).trimmed)
    }
}

extension Character {
    /// A letter, a digit or an underscore.
    fileprivate var isWord: Bool { self.isLetter || self.isNumber || self == "_" }
}
