import Vocabulary

/// What a program says to its ancestors on standard output, without knowing TRAILS.
///
///     ::trails progress 0.4 half of the rows
///     ::trails result {"rows": 3000}
enum WorkLine: Hashable {
    case progress(Double, note: String?)
    case result(JSONValue)

    static let prefix = Array("::trails ".utf8)

    /// Reads a line without its end; `nil` for one that says nothing to us, which is then a line like any other.
    init?(_ line: some Collection<UInt8>) {
        guard line.starts(with: Self.prefix) else { return nil }
        let words = line.dropFirst(Self.prefix.count).split(separator: UInt8(ascii: " "), maxSplits: 1)
        guard words.count == 2 else { return nil }
        let rest = String(decoding: words[1], as: UTF8.self).drop { $0 == " " }
        switch String(decoding: words[0], as: UTF8.self) {
        case "progress":
            let parts = rest.split(separator: " ", maxSplits: 1)
            guard let first = parts.first, let progress = Double(first), (0...1).contains(progress) else { return nil }
            self = .progress(progress, note: parts.count > 1 ? String(parts[1]) : nil)
        case "result":
            guard let value = try? JSONValue(parsing: Array(rest.utf8)) else { return nil }
            self = .result(value)
        default: return nil
        }
    }
}

/// Takes the lines that are meant for us out of a stream of bytes, and lets everything else pass at once.
struct LineSieve {
    /// A longer line cannot be a report, and passes.
    static let lineMax = 1 << 20

    private var held: [UInt8] = []
    private var isAtLineStart = true

    /// What passes, and what was meant for us, in `bytes` and what was held back before.
    mutating func take(_ bytes: some Collection<UInt8>) -> (passing: [UInt8], lines: [WorkLine]) {
        var passing: [UInt8] = []
        var lines: [WorkLine] = []
        for byte in bytes {
            guard self.isAtLineStart else {
                passing.append(byte)
                self.isAtLineStart = byte == UInt8(ascii: "\n")
                continue
            }
            self.held.append(byte)
            if byte == UInt8(ascii: "\n") {
                let end = self.held.dropLast().last == UInt8(ascii: "\r") ? 2 : 1
                if let line = WorkLine(self.held.dropLast(end)) { lines.append(line) } else { passing += self.held }
                self.held = []
            } else if !self.mayBeOurs {
                passing += self.held
                self.held = []
                self.isAtLineStart = false
            }
        }
        return (passing, lines)
    }

    /// What is left when the stream has ended: a last line without an end.
    mutating func finish() -> (passing: [UInt8], lines: [WorkLine]) {
        defer { self.held = [] }
        guard let line = WorkLine(self.held) else { return (self.held, []) }
        return ([], [line])
    }

    private var mayBeOurs: Bool {
        self.held.count <= Self.lineMax && zip(self.held, WorkLine.prefix).allSatisfy { $0 == $1 }
    }
}

/// The last lines of a stream, for a report of what went wrong.
struct TailLines {
    static let linesMax = 20
    static let bytesMax = 8_192

    private var bytes: [UInt8] = []

    mutating func take(_ more: some Collection<UInt8>) {
        self.bytes += more
        if self.bytes.count > 4 * Self.bytesMax { self.bytes.removeFirst(self.bytes.count - Self.bytesMax) }
    }

    var text: [String] {
        self.bytes.suffix(Self.bytesMax).split(separator: UInt8(ascii: "\n")).suffix(Self.linesMax)
            .map { String(decoding: $0, as: UTF8.self) }
    }
}
