import ArgumentParser
import DurableFiles
import EventLog
import SubstratProtocol
import Vocabulary

/// `substrat daemon watch`: what happens, as it happens.
struct DaemonWatch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch", abstract: "Print the events of all agents as they come, until Ctrl-C.",
        discussion: "Reads the files of the logs. With --json each line is as it is in the file.")

    @Option(help: "Only those of this agent.") var agentID: String?
    @OptionGroup var place: PlaceOptions

    func run() async throws {
        let folder = LogFolder(self.place.place.root)
        let only = try self.agentID.map { try LogCatalog(folder).find($0) }
        var tails: [LogID: LogTail] = [:]
        var isFirst = true
        while true {
            for log in try self.logs(in: folder) where only == nil || log == only {
                if tails[log] == nil {
                    // What was there before is over; a log that is new is read from its beginning.
                    tails[log] = LogTail(log, root: folder.root, isFromStart: !isFirst)
                }
                tails[log]?.read { self.say($0, of: log) }
            }
            isFirst = false
            try await Task.sleep(for: .milliseconds(300))
        }
    }

    private func logs(in folder: LogFolder) throws -> [LogID] {
        do throws(FileError) {
            return try folder.logs(on: POSIXFileSystem())
        } catch {
            throw CommandFailure.refused(error.message, hint: error.hint)
        }
    }

    private func say(_ line: [UInt8], of log: LogID) {
        if self.place.json { return Output.line(String(decoding: line, as: UTF8.self)) }
        let event = (try? JSONValue(parsing: line))?.object ?? [:]
        Output.line(Texts.event(event, session: log.folder))
    }
}

/// The end of the file of a log, from one look to the next.
struct LogTail {
    private let path: String
    private var offset: Int64 = 0
    private var splitter = FrameSplitter()
    private let files = POSIXFileSystem()

    init(_ log: LogID, root: String, isFromStart: Bool) {
        self.path = "\(root)/agents/\(log.folder)/events.jsonl"
        if !isFromStart { self.offset = (try? self.files.status(of: self.path))?.size ?? 0 }
    }

    /// Hands over the lines that have come since the last look.
    mutating func read(_ take: ([UInt8]) -> Void) {
        guard let file = try? self.files.open(self.path, .read) else { return }
        defer { try? file.close() }
        if let size = try? file.status().size, size < self.offset {
            // Another file has the name now: the log was rotated, or mended.
            (self.offset, self.splitter) = (0, FrameSplitter())
        }
        while let block = try? file.read(upTo: 1 << 20, at: self.offset), !block.isEmpty {
            self.offset += Int64(block.count)
            for case .line(let line) in self.splitter.feed(block) { take(line) }
        }
    }
}
