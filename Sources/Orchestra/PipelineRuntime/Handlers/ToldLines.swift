import Synchronization

/// Makes lines of a text that comes in pieces, so that people can follow it.
final class ToldLines: Sendable {
    /// A longer line is told in parts.
    static let lineMax = 400

    private let rest = Mutex("")
    private let redaction: Redaction
    private let tell: @Sendable (String) -> Void

    init(redaction: Redaction, tell: @escaping @Sendable (String) -> Void) {
        self.redaction = redaction
        self.tell = tell
    }

    func take(_ text: String) {
        let lines = self.rest.withLock { rest in
            rest += text
            var lines: [String] = []
            while let end = rest.firstIndex(where: \.isNewline) {
                lines.append(String(rest[..<end]))
                rest = String(rest[rest.index(after: end)...])
            }
            // A secret may come in two pieces, so a long line waits for a gap between words.
            while rest.count > Self.lineMax, let gap = rest.lastIndex(of: " ") {
                lines.append(String(rest[..<gap]))
                rest = String(rest[rest.index(after: gap)...])
            }
            return lines
        }
        for line in lines { self.say(line) }
    }

    /// What came does not count.
    func drop() { self.rest.withLock { $0 = "" } }

    func finish() {
        let line = self.rest.withLock { rest in
            defer { rest = "" }
            return rest
        }
        self.say(line)
    }

    private func say(_ line: String) {
        guard line.contains(where: { !$0.isWhitespace }) else { return }
        self.tell(self.redaction.redactKnown(line))
    }
}
