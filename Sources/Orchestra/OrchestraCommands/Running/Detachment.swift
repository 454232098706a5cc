import Foundation
import PipelineRuntime
import Synchronization
import TurnModel
import Vocabulary

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A run that goes on in a process of its own when this one, and its terminal, are gone.
///
/// ```
///   orchestra run --detach … ──starts──►  orchestra run --detached-as 3 …    in a session of its own, no input
///            ▲                                    │                          output: RUNS/ID/output.log
///            └──── one line on descriptor 3 ──────┘
///                  when the run is on record
/// ```
/// If that line never comes, the run did not begin: what the other process said is said here, and its code is ours.
struct Detachment {
    /// Where the files of runs go.
    let runs: String
    let json: Bool

    /// What the other process finds its line at.
    static let descriptor: Int32 = 3

    /// Starts this program again with the same arguments, and ends when the run has begun.
    func carryOut() throws -> Never {
        let log = "\(self.runs)/detached-\(UUID()).log"
        let arguments = CommandLine.arguments.dropFirst().map {
            $0 == "--detach" ? "--detached-as=\(Self.descriptor)" : $0
        }
        let (pid, line) = try self.start(arguments, log: log)
        guard let beginning = DetachedBeginning(Self.firstLine(of: line)) else { self.fail(pid, log) }
        let kept = "\(self.runs)/\(beginning.session)/output.log"
        let place = rename(log, kept) == 0 ? kept : log
        if self.json {
            let object: JSONObject = [
                "session": .string(beginning.session), "context": .string(beginning.context),
                "pid": .integer(Int64(pid)), "output": .string(place),
            ]
            Output.line(JSONValue.object(object).text)
        } else {
            Output.line("session \(beginning.session) runs in process \(pid) (context \(beginning.context))")
            Output.aside("orchestra: what it says is in \(place.shownToPeople(scalarsMax: 500))\n")
        }
        Output.end(0)
    }

    /// Without its end; what there is of one when the other side goes away.
    private static func firstLine(of file: FileHandle) -> String {
        var bytes = Data()
        while !bytes.contains(UInt8(ascii: "\n")) {
            let more = file.availableData
            if more.isEmpty { break }
            bytes += more
        }
        return String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }

    private func start(_ arguments: [String], log: String) throws -> (pid_t, FileHandle) {
        do {
            try FileManager.default.createDirectory(atPath: self.runs, withIntermediateDirectories: true)
        } catch {
            throw CommandFailure.refused("\(self.runs.shownToPeople()) cannot be made", hint: "see --runs")
        }
        guard let program = Bundle.main.executablePath else {
            throw CommandFailure.refused("this program does not know where it is, so it cannot start itself again")
        }
        let pipe = Pipe()
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, pipe.fileHandleForWriting.fileDescriptor, Self.descriptor)
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
        // Whoever waits for the end of a descriptor of ours must not have to wait for the run.
        for name in (try? FileManager.default.contentsOfDirectory(atPath: "/dev/fd")) ?? [] {
            guard let number = Int32(name), number > Self.descriptor else { continue }
            posix_spawn_file_actions_addclose(&actions, number)
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        #if canImport(Glibc)
            posix_spawnattr_setflags(&attributes, 0x80)  // POSIX_SPAWN_SETSID, which the headers hide
        #else
            posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSID | POSIX_SPAWN_CLOEXEC_DEFAULT))
        #endif
        var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var pid: pid_t = 0
        let code = posix_spawn(&pid, program, &actions, &attributes, &words, environ)
        guard code == 0 else {
            throw CommandFailure.refused("no process can be started: \(String(cString: strerror(code)))")
        }
        try pipe.fileHandleForWriting.close()
        return (pid, pipe.fileHandleForReading)
    }

    /// The run has not begun.
    private func fail(_ pid: pid_t, _ log: String) -> Never {
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        if let said = FileManager.default.contents(atPath: log) { Output.aside(String(decoding: said, as: UTF8.self)) }
        try? FileManager.default.removeItem(atPath: log)
        let code = status & 0x7F == 0 ? status >> 8 & 0xFF : 1
        Output.end(code == 0 ? 1 : code)
    }
}

/// The line by which a detached run says that it is on record.
struct DetachedBeginning {
    let session: String
    let context: String

    init?(_ text: String) {
        guard let json = try? JSONValue(parsing: Array(text.utf8)), let session = json["session"]?.string,
            let context = json["context"]?.string
        else { return nil }
        self.session = session
        self.context = context
    }
}

/// Says on a descriptor that the run has begun, and closes it.
final class DetachedReporter: RunObserver {
    private let descriptor: Mutex<Int32?>

    /// Nothing that the run starts gets the descriptor.
    init(_ descriptor: Int32) {
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        self.descriptor = Mutex(descriptor)
    }

    func observe(_ event: RunEvent) {
        guard case .pipelineStarted(let beginning) = event.fact,
            let descriptor = self.descriptor.withLock({ $0.take() })
        else { return }
        let object: JSONObject = [
            "session": .string(beginning.displayID.description), "context": .string("\(event.session)"),
        ]
        let line = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        try? line.write(contentsOf: Data((JSONValue.object(object).text + "\n").utf8))
    }
}
