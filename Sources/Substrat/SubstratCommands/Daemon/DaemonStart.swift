import ArgumentParser
import Foundation
import SubstratClient
import SubstratDaemon
import SubstratProtocol
import Vocabulary

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// `substrat daemon start`: the daemon in a process of its own, which outlives this one and its terminal.
///
///     substrat daemon start ──starts──► substrat daemon run --ready-on 3    a session of its own, no input
///              ▲                               │                            output: ROOT/daemon.log
///              └──── a line on descriptor 3 ───┘ when clients can connect
///
/// If that line never comes, no daemon runs: what it said is said here.
struct DaemonStart: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "start", abstract: "Start the daemon, and return when it can be asked.")

    @Flag(help: "Stay in the foreground, as daemon run does.") var foreground = false
    @OptionGroup var options: HostingOptions
    @OptionGroup var place: PlaceOptions

    /// What the other process finds its line at.
    private static let descriptor: Int32 = 3

    func run() async throws {
        let place = self.place.place
        if case .running(let pid) = await self.settledLiveness(of: place) {
            let number = pid.map { "\($0)" } ?? "?"
            self.place.say(["status": "running", "pid": pid.map { .integer(Int64($0)) } ?? .null, "started": false]) {
                _ in "daemon already running (pid \(number))"
            }
            return
        }
        if self.foreground {
            let words = ["daemon", "run", "--root", place.root] + self.options.words
            var command = try SubstratCommand.parseAsRoot(words)
            guard var run = command as? any AsyncParsableCommand else { return try command.run() }
            return try await run.run()
        }
        do throws(DaemonError) { try DaemonHome.check(place) } catch { throw CommandFailure(error) }
        let logStart = FileManager.default.contents(atPath: place.log)?.count ?? 0
        let (pid, line) = try self.start(place)
        let warning = self.warnLater()
        defer { warning.cancel() }
        guard String(decoding: line.availableData, as: UTF8.self).hasPrefix("ready") else {
            try self.fail(pid, place, logStart)
        }
        _ = try await self.place.ask("ping", timeout: .seconds(5))
        self.place.say(["status": "running", "pid": .integer(Int64(pid)), "started": true]) { _ in "daemon started" }
    }

    /// Whether a daemon runs. One that was killed a moment ago may have the root for a moment more: only who answers
    /// counts, or who stays for two seconds.
    private func settledLiveness(of place: DaemonPlace) async -> Liveness {
        let due = ContinuousClock.now + .seconds(2)
        while true {
            let liveness = Liveness(of: place)
            guard case .running = liveness, ContinuousClock.now < due else { return liveness }
            if (try? await self.place.ask("ping", timeout: .seconds(2))) != nil { return liveness }
            try? await Task.sleep(for: .milliseconds(20))
        }
    }

    private func warnLater() -> DispatchWorkItem {
        let warning = DispatchWorkItem {
            Output.aside("substrat: the daemon is still starting; it may be recovering\n")
        }
        DispatchQueue.global().asyncAfter(deadline: .now() + 2, execute: warning)
        return warning
    }

    private func start(_ place: DaemonPlace) throws -> (pid_t, FileHandle) {
        guard let program = Bundle.main.executablePath else {
            throw CommandFailure.refused("this program does not know where it is, so it cannot start itself again")
        }
        umask(0o077)
        try? FileManager.default.createDirectory(atPath: place.root, withIntermediateDirectories: true)
        let words =
            [program, "daemon", "run", "--root", place.root, "--ready-on", "\(Self.descriptor)"] + self.options.words
        let pipe = Pipe()
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, pipe.fileHandleForWriting.fileDescriptor, Self.descriptor)
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, place.log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
        // Whoever waits for the end of a descriptor of ours must not have to wait for the daemon.
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
        var pointers: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        var pid: pid_t = 0
        let code = posix_spawn(&pid, program, &actions, &attributes, &pointers, environ)
        guard code == 0 else {
            throw CommandFailure.refused("no process can be started: \(String(cString: strerror(code)))")
        }
        try pipe.fileHandleForWriting.close()
        return (pid, pipe.fileHandleForReading)
    }

    /// The daemon has ended before it could be asked.
    private func fail(_ pid: pid_t, _ place: DaemonPlace, _ logStart: Int) throws -> Never {
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        let log = FileManager.default.contents(atPath: place.log)?.dropFirst(logStart) ?? Data()
        let said = String(decoding: log, as: UTF8.self).split(separator: "\n")
            .last { $0.hasPrefix("substrat: error: ") }
        let why = said.map { String($0.dropFirst("substrat: error: ".count)) } ?? "the daemon has ended at its start"
        throw CommandFailure.refused(why, hint: "all it said is in \(place.log)")
    }
}
