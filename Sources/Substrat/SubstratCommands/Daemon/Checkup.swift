import AgentCore
import AgentRuntime
import DurableFiles
import EventLog
import SubstratProtocol
import Vocabulary

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What is to be said about a root: what is well, what is worth knowing, and what somebody must do something about.
struct Checkup {
    struct Finding: Hashable {
        enum Level: String { case ok, note, problem }

        let level: Level
        /// As `logs`.
        let subject: String
        let message: String
        let hint: String?

        var json: JSONObject {
            [
                "level": .string(self.level.rawValue), "subject": .string(self.subject),
                "message": .string(self.message), "hint": self.hint.map(JSONValue.string) ?? .null,
            ]
        }

        var text: String {
            let hint = self.hint.map { "\n         \($0)" } ?? ""
            let level = self.level.rawValue.padded(to: 7)
            return "\(level)  \(self.subject): \(self.message.shownToPeople(scalarsMax: 1_000))\(hint)"
        }
    }

    private let place: DaemonPlace
    private let files = POSIXFileSystem()
    private(set) var findings: [Finding] = []

    /// When less is free, a daemon may soon have to refuse.
    private static let roomMin = ByteCount.mebibytes(64)

    init(_ place: DaemonPlace) {
        self.place = place
    }

    var isSound: Bool { !self.findings.contains { $0.level == .problem } }

    mutating func run(_ caller: Caller) async {
        guard (try? self.files.exists(self.place.root)) == true else {
            return self.add(.note, "root", "\(self.place.root) is not there yet", "substrat daemon start makes it")
        }
        self.lookAtRoot()
        let isRunning = await self.lookAtDaemon(caller)
        self.lookAtLogs(isRunning: isRunning)
        if isRunning { await self.askForSessions(caller) } else { self.lookAtSessions() }
        self.lookForLeftovers()
        self.lookAtRoom()
    }

    private mutating func add(_ level: Finding.Level, _ subject: String, _ message: String, _ hint: String? = nil) {
        self.findings.append(Finding(level: level, subject: subject, message: message, hint: hint))
    }
}

// MARK: - The daemon and its root

extension Checkup {
    private mutating func lookAtRoot() {
        guard let status = try? self.files.status(of: self.place.root) else {
            return self.add(.problem, "root", "\(self.place.root) cannot be looked at")
        }
        if status.owner != self.files.user {
            self.add(.problem, "root", "\(self.place.root) is another user's", "run substrat as that user")
        } else if !status.permissions.isDisjoint(with: .groupAndOthers) {
            self.add(
                .problem, "root", "\(self.place.root) is open to other users",
                "chmod 700 \(self.place.root); a start does it too")
        } else {
            self.add(.ok, "root", "\(self.place.root) is closed to others")
        }
    }

    private mutating func lookAtDaemon(_ caller: Caller) async -> Bool {
        guard case .running(let pid) = Liveness(of: self.place) else {
            self.add(.ok, "daemon", "none runs")
            for path in [self.place.pid, self.place.socket] where (try? self.files.exists(path)) == true {
                self.add(.note, "daemon", "\(path) was left behind by one that was killed", "the next start removes it")
            }
            return false
        }
        let process = pid.map { "process \($0)" } ?? "a process"
        guard (try? await caller.ask("ping", timeout: .seconds(5))) != nil else {
            self.add(
                .problem, "daemon", "\(process) has the root and does not answer",
                "it may be starting or stopping; else look into \(self.place.log), and end it")
            return false
        }
        self.add(.ok, "daemon", "\(process) answers")
        return true
    }

    private mutating func lookAtRoom() {
        var room = statvfs()
        guard statvfs(self.place.root, &room) == 0 else { return }
        let free = ByteCount(Int(clamping: UInt64(room.f_bavail) * UInt64(room.f_frsize)))
        let isEnough = free.bytes >= Self.roomMin.bytes
        self.add(
            isEnough ? .ok : .problem, "room", "\(free) are free",
            isEnough ? nil : "make room: a full disk has the daemon refuse what it cannot keep")
    }

    private mutating func lookForLeftovers() {
        let folder = LogFolder(self.place.root)
        let directories = [self.place.root, "\(self.place.root)/agents", "\(self.place.root)/journal"]
        var temporary = 0
        for directory in directories {
            temporary += ((try? self.files.names(in: directory)) ?? []).count { $0.hasPrefix(".tmp-") }
        }
        if temporary > 0 { self.add(.note, "leftovers", "\(temporary) temporary files", "the next start removes them") }
        for name in (try? self.files.names(in: "\(self.place.root)/agents")) ?? []
        where LogID(folder: name) == nil && !name.hasPrefix(".tmp-") {
            self.add(.note, "leftovers", "agents/\(name) is no session, and is not looked at")
        }
        for (path, what) in [("\(self.place.root)/quarantine", "old files and torn ends"), (folder.trash, "sessions")] {
            let count = ((try? self.files.names(in: path)) ?? []).count
            if count > 0 { self.add(.note, "leftovers", "\(count) \(what) in \(path)", "they may be removed") }
        }
    }
}

// MARK: - Logs and sessions

extension Checkup {
    private mutating func lookAtLogs(isRunning: Bool) {
        do throws(FileError) {
            let verdict = try LogText.verify(LogFolder(self.place.root), on: self.files)
            if verdict.isSound { self.add(.ok, "logs", "\(verdict.logs) logs, \(verdict.events) events: sound") }
            for complaint in verdict.complaints {
                self.add(.problem, "logs", complaint, "substrat agent adopt mends the log of a quarantined session")
            }
            // A daemon that runs may be writing that very line.
            for tail in verdict.tails where !isRunning { self.add(.note, "logs", tail, "the next start cuts it off") }
            if verdict.waiting > 0, !isRunning {
                self.add(.note, "logs", "\(verdict.waiting) events in the journal", "the next start moves them")
            }
        } catch {
            self.add(.problem, "logs", error.message, error.hint)
        }
    }

    private mutating func askForSessions(_ caller: Caller) async {
        do throws(CommandFailure) {
            let sessions = try await caller.ask("session.list")["sessions"]?.array ?? []
            for session in sessions where session["state"]?.string == "quarantined" {
                self.note(
                    session["session_id"]?.string ?? "?", session["path"]?.string ?? "",
                    session["remark"]?.string ?? "?", isAdoptable: session["path"]?.string?.isEmpty == false)
            }
            let strays = sessions.filter { $0["state"]?.string == "terminated" && $0["remark"]?.string != nil }
            for stray in strays { self.noteStray(stray["session_id"]?.string ?? "?") }
        } catch {
            self.add(.problem, "sessions", error.message, error.hint)
        }
    }

    private mutating func lookAtSessions() {
        do throws(HostError) {
            let survey = try RecoverySurvey.make(self.place.root, HostOptions(), continuing: ["scripted", ""])
            for session in survey.quarantined {
                self.note(session.session.hex, session.path, session.reason, isAdoptable: session.isAdoptable)
            }
            for session in survey.report.orphans { self.noteStray(session.hex) }
        } catch {
            self.add(.problem, "sessions", error.message, error.hint)
        }
    }

    private mutating func note(_ session: String, _ path: String, _ reason: String, isAdoptable: Bool) {
        let name = path.isEmpty ? session : "\(path) (\(session))"
        let delete = "substrat session delete \(session)"
        self.add(
            .problem, "sessions", "\(name) is quarantined: \(reason)",
            isAdoptable ? "substrat agent adopt \(session) [--parent REF] [--name NAME], or \(delete)" : delete)
    }

    private mutating func noteStray(_ session: String) {
        self.add(.note, "sessions", "\(session): its agent was never made", "substrat session delete \(session)")
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String {
        self + String(repeating: " ", count: Swift.max(0, width - self.count))
    }
}
