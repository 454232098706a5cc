package import DurableFiles

/// The logs below a root for who only looks: what a start would read, and not one byte changed.
package struct LogSurvey: Sendable {
    private let folder: LogFolder
    private let files: any FileSystem
    private let journal: JournalScan

    package init(_ folder: LogFolder, on files: any FileSystem) throws(LogFault) {
        self.folder = folder
        self.files = files
        do throws(FileError) { self.journal = try Journal.scan(folder.journal, on: files) } catch {
            throw LogFault(error)
        }
    }

    package var root: String { self.folder.root }

    /// Frames of the journal that a start would move to their logs.
    package var frames: Int { self.journal.frameCount }

    /// Events that are durable in the journal, and perhaps not in their logs.
    package var waiting: Int { self.journal.logs.values.reduce(0) { $0 + $1.lines.count } }

    /// The logs that a start would find.
    package func logs() throws(LogFault) -> [LogID] {
        do throws(FileError) {
            return Set(try self.folder.logs(on: self.files)).union(self.journal.logs.keys).sorted()
        } catch {
            throw LogFault(error)
        }
    }

    package func history(of log: LogID, _ extent: LogHistory.Extent) throws(LogFault) -> LogHistory {
        do throws(FileError) {
            let lines = self.journal.logs[log] ?? JournalLines()
            return try LogHistory.read(log, extent, lines, in: self.folder, on: self.files)
        } catch {
            throw LogFault(error, log)
        }
    }
}
