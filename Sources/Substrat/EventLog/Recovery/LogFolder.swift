package import DurableFiles

/// Where the files of the logs are below their root.
///
///     agents/LOG/events.jsonl           one event a line
///     agents/LOG/events.1.jsonl         older ones, from that number on
///     agents/LOG/events.pending         a line on its way, in the seed's manner; normally absent
///     agents/LOG/events.ckpt            what was folded
///     journal/, quarantine/, trash/
package struct LogFolder: Hashable, Sendable {
    package let root: String

    package init(_ root: String) {
        self.root = root
    }

    var agents: String { "\(self.root)/agents" }
    var journal: String { "\(self.root)/journal" }
    var quarantine: String { "\(self.root)/quarantine" }
    /// Where the folders of deleted logs are.
    package var trash: String { "\(self.root)/trash" }
    var lock: String { "\(self.root)/journal/lock" }

    func directory(of log: LogID) -> String { "\(self.agents)/\(log.folder)" }
    func path(of log: LogID) -> String { "\(self.directory(of: log))/\(Self.events)" }
    func pending(of log: LogID) -> String { "\(self.directory(of: log))/events.pending" }
    func state(of log: LogID) -> String { "\(self.directory(of: log))/\(LogState.fileName)" }

    static let events = "events.jsonl"

    /// The name of the file whose first event is `first`, once it was rotated away.
    static func segment(from first: UInt64) -> String { "events.\(first).jsonl" }

    /// The number in the name of a file that was rotated away.
    static func first(ofSegment name: String) -> UInt64? {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let first = UInt64(parts[1]), name == Self.segment(from: first) else { return nil }
        return first
    }

    /// How long the files of a log are together; 0 for one without.
    package func size(of log: LogID, on files: any FileSystem) -> Int64 {
        let directory = self.directory(of: log)
        let names = (try? files.names(in: directory)) ?? []
        return names.filter { $0 == Self.events || Self.first(ofSegment: $0) != nil }
            .reduce(0) { $0 + ((try? files.status(of: "\(directory)/\($1)").size) ?? 0) }
    }

    /// The logs that have a directory, in the order of their names.
    package func logs(on files: any FileSystem) throws(FileError) -> [LogID] {
        guard try files.exists(self.agents) else { return [] }
        return try files.names(in: self.agents).compactMap { LogID(folder: $0) }
    }
}
