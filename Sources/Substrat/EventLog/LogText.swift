package import DurableFiles
import Vocabulary

/// Logs as people read them. Needs no server, and changes nothing.
package enum LogText {
    /// One event a line: number, time, name, data.
    package static func dump(_ history: LogHistory) -> String {
        let width = String(history.last).count
        var lines: [String] = []
        if let state = history.state {
            lines.append("events 1 to \(history.folded) are folded: \(Self.shown(JSONValue.object(state).text))")
        }
        for record in history.records {
            let number = String(record.sequence)
            let time = record.time?.description ?? "no time"
            let data = record.event.data.map { " " + Self.shown(JSONValue.object($0).text) } ?? ""
            let padding = String(repeating: " ", count: width - number.count)
            lines.append("\(padding)\(number) \(time) \(Self.shown(record.event.name))\(data)")
        }
        lines += history.damage.map { "damaged: \($0.message)" }
        return lines.map { $0 + "\n" }.joined()
    }

    /// Whether every log below `folder` is sound, and what is wrong with those that are not.
    package static func verify(_ folder: LogFolder, on files: any FileSystem) throws(FileError) -> Verdict {
        var verdict = Verdict()
        let journal = try Journal.scan(folder.journal, on: files)
        if journal.hasDamage { verdict.complaints.append("journal: a part of it cannot be read") }
        verdict.waiting = journal.logs.values.reduce(0) { $0 + $1.lines.count }
        for log in Set(try folder.logs(on: files)).union(journal.logs.keys).sorted() {
            verdict.logs += 1
            do throws(FileError) {
                let lines = journal.logs[log] ?? JournalLines()
                let history = try LogHistory.read(log, .whole, lines, in: folder, on: files)
                verdict.events += history.records.count
                verdict.complaints += history.damage.map { "\(log.folder): \($0.message)" }
                if history.torn > 0 {
                    verdict.tails.append("\(log.folder): \(history.torn) bytes after the last event")
                }
            } catch {
                verdict.complaints.append("\(log.folder): \(error.message)")
            }
        }
        return verdict
    }

    package struct Verdict: Hashable, Sendable {
        package var logs = 0
        package var events = 0
        /// Events that are durable in the journal; a start moves them to their logs.
        package var waiting = 0
        /// What cannot be read any more.
        package var complaints: [String] = []
        /// Torn ends, which a start cuts.
        package var tails: [String] = []

        package var isSound: Bool { self.complaints.isEmpty }

        package var text: String {
            let head = "\(self.logs) logs, \(self.events) events: \(self.isSound ? "sound" : "damaged")"
            let waiting = self.waiting > 0 ? ["\(self.waiting) events in the journal"] : []
            let lines = self.complaints + self.tails.map { "\($0), to be cut" } + waiting + [head]
            return lines.map { $0 + "\n" }.joined()
        }
    }

    /// `text` with the control characters that a terminal would obey written as JSON escapes.
    private static func shown(_ text: String) -> String {
        var shown = ""
        for scalar in text.unicodeScalars {
            let isControl = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
            if isControl {
                shown += "\\u" + String(0x10000 + scalar.value, radix: 16).dropFirst()
            } else {
                shown.unicodeScalars.append(scalar)
            }
        }
        return shown
    }
}
