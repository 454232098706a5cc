import ArgumentParser
import DurableFiles
import EventLog
import SubstratProtocol
import Vocabulary

/// `substrat daemon log`: the logs themselves, read from the files; no daemon is needed.
struct DaemonLog: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log", abstract: "Read the logs of agents from their files; no daemon need run.",
        subcommands: [DaemonLogDump.self, DaemonLogVerify.self], defaultSubcommand: DaemonLogDump.self)
}

/// `substrat daemon log dump`.
struct DaemonLogDump: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dump", abstract: "Print the whole log of an agent, also of one that has ended.")

    @Argument(help: "Its path, its name, its id, the id of its session, or USER.") var ref: String
    @OptionGroup var place: PlaceOptions

    func run() throws {
        let catalog = LogCatalog(LogFolder(self.place.place.root))
        let history = try catalog.history(of: try catalog.find(self.ref))
        guard self.place.json else { return Output.text(LogText.dump(history)) }
        for record in history.records { Output.json(.object(record.json)) }
    }
}

/// `substrat daemon log verify`.
struct DaemonLogVerify: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Read all logs, and say what is damaged; exits with 1 if anything is.")

    @OptionGroup var place: PlaceOptions

    func run() throws {
        do throws(FileError) {
            let verdict = try LogText.verify(LogFolder(self.place.place.root), on: POSIXFileSystem())
            if self.place.json {
                Output.json([
                    "logs": .integer(Int64(verdict.logs)), "events": .integer(Int64(verdict.events)),
                    "waiting": .integer(Int64(verdict.waiting)), "sound": .bool(verdict.isSound),
                    "complaints": .array(verdict.complaints.map { .string($0) }),
                    "tails": .array(verdict.tails.map { .string($0) }),
                ])
            } else {
                Output.text(verdict.text)
            }
            if !verdict.isSound { Output.end(1) }
        } catch {
            throw CommandFailure.refused(error.message, hint: error.hint)
        }
    }
}

/// Which log is whose, as their first events say.
struct LogCatalog {
    private let folder: LogFolder
    private let files = POSIXFileSystem()

    init(_ folder: LogFolder) {
        self.folder = folder
    }

    private struct Birth {
        let log: LogID
        let agent: String
        let name: String
        let parent: String?
    }

    func history(of log: LogID) throws(CommandFailure) -> LogHistory {
        do throws(FileError) {
            return try LogHistory.read(log, .whole, in: self.folder, on: self.files)
        } catch {
            throw .refused(error.message, hint: error.hint)
        }
    }

    /// The log that `ref` means: a session, else an agent's path, name or id.
    func find(_ ref: String) throws(CommandFailure) -> LogID {
        let logs: [LogID]
        do throws(FileError) { logs = try self.folder.logs(on: self.files) } catch {
            throw .refused(error.message, hint: error.hint)
        }
        if ref.uppercased() == "USER" { return .user }
        let digits = ref.filter { $0 != "-" }.lowercased()
        if let log = logs.first(where: { $0.folder == digits }) { return log }
        var births: [String: Birth] = [:]
        for log in logs { births[log.folder] = try self.birth(in: log) }
        let found = births.values.filter { birth in
            ref == birth.name || digits == birth.agent || ref == Self.path(of: birth, births)
        }
        guard let birth = found.first else {
            throw .refused("no log is that of \(ref.quotedForPeople())", hint: "substrat agent list")
        }
        guard found.count == 1 else {
            let sessions = found.map(\.log.folder).sorted().joined(separator: ", ")
            throw .refused("\(ref.quotedForPeople()) is more than one agent", hint: "their sessions are \(sessions)")
        }
        return birth.log
    }

    private func birth(in log: LogID) throws(CommandFailure) -> Birth? {
        let records = try self.history(of: log).records
        guard let data = records.first(where: { $0.event.name == "agent.created" })?.event.data,
            let agent = data["agent_id"]?.string, let name = data["name"]?.string
        else { return nil }
        return Birth(log: log, agent: agent, name: name, parent: data["parent_session_id"]?.string)
    }

    private static func path(of birth: Birth, _ births: [String: Birth]) -> String {
        var names = [birth.name]
        var parent = birth.parent
        // Damaged logs may say that they are their own ancestors.
        while let session = parent, let above = births[session], names.count <= births.count {
            names.append(above.name)
            parent = above.parent
        }
        return names.reversed().joined(separator: "/")
    }
}

extension LogRecord {
    var json: JSONObject {
        var object: JSONObject = [
            "seq": .integer(Int64(self.sequence)), "ts": self.time.map { .string("\($0)") } ?? .null,
            "event": .string(self.event.name),
        ]
        if let data = self.event.data { object["data"] = .object(data) }
        return object
    }
}
