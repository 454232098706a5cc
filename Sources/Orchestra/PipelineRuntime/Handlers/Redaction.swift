import PipelineCore

/// Takes secrets out of text that goes into records and onto screens.
///
/// Secret is what the environment keeps under a name such as `API_KEY`, and what looks like a key by its form.
package struct Redaction: Sendable {
    package static let mark = "[redacted]"
    /// A shorter value is too likely to be an ordinary word.
    static let secretMin = 6

    private static let names = [
        "KEY", "TOKEN", "SECRET", "PASSWORD", "PASSWD", "PASSPHRASE", "CREDENTIAL", "COOKIE", "DSN",
    ]
    private static let beginnings = [
        "sk-", "sk_", "rk_", "pk-", "ghp_", "gho_", "ghs_", "github_pat_", "glpat-", "xoxb-", "xoxp-", "xapp-", "AKIA",
        "AIza", "eyJ", "npm_", "hf_",
    ]
    private static let announcements: Set<String> = ["bearer", "basic"]

    /// The longest first, so that no part of one stays.
    private let secrets: [String]

    /// - Parameter secrets: Those known for what they are, whatever their variables are called.
    package init(environment: [String: String], secrets: [String] = []) {
        let named = environment.filter { name, value in
            guard value.utf8.count >= Self.secretMin else { return false }
            let name = name.uppercased()
            return Self.names.contains { name.contains($0) }
        }
        self.secrets =
            (named.flatMap { [$0.value, $0.value.trimmed] } + secrets.filter { !$0.isEmpty })
            .sorted { ($1.utf8.count, $0) < ($0.utf8.count, $1) }
    }

    package func redact(_ text: String) -> String { Self.redactWords(of: self.redactKnown(text)) }

    /// Only what is secret for certain: for texts that people asked for, and that may speak of keys.
    func redactKnown(_ text: String) -> String {
        self.secrets.reduce(text) { $0.replacing($1, with: Self.mark) }
    }

    /// Words in the form of keys, what follows `Bearer`, and passwords in addresses.
    private static func redactWords(of text: String) -> String {
        var result = ""
        var rest = text[...]
        var isAnnounced = false
        while !rest.isEmpty {
            let gap = rest.prefix { $0.isBoundary }
            let word = rest.dropFirst(gap.count).prefix { !$0.isBoundary }
            rest = rest[word.endIndex...]
            result += gap
            guard !word.isEmpty else { break }
            let isBreak = gap.contains { $0.isNewline }
            result += isAnnounced && !isBreak && word.count >= self.secretMin ? self.mark : self.redactWord(word)
            isAnnounced = self.announcements.contains(word.lowercased())
        }
        return result
    }

    private static func redactWord(_ word: Substring) -> String {
        if word.count >= 16, self.beginnings.contains(where: word.hasPrefix) { return self.mark }
        guard let at = word.lastIndex(of: "@"), let scheme = word.firstRange(of: "://"), scheme.upperBound < at,
            let colon = word[scheme.upperBound..<at].firstIndex(of: ":")
        else { return String(word) }
        return word[...colon] + self.mark + word[at...]
    }
}

extension Character {
    fileprivate var isBoundary: Bool { self.isWhitespace || "\"'`,;=()[]{}<>".contains(self) }
}
