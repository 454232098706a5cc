import Dispatch
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A program in a session of its own, so that it and all it starts can be ended together.
final class WorkProcess: Sendable {
    /// How it ended.
    enum End: Hashable, Sendable {
        case exited(Int32)
        case signalled(Int32)

        /// As a shell says it.
        var exitCode: Int32 {
            switch self {
            case .exited(let code): code
            case .signalled(let number): 128 + number
            }
        }
    }

    let id: pid_t
    /// The reading ends of its standard output and standard error.
    let output: Int32
    let errors: Int32
    private let end = Mutex<(end: End?, waiters: [CheckedContinuation<End, Never>])>((nil, []))

    /// What the program starts with in place of what this one ignores or forwards.
    private static let signals: [Int32] = [SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGQUIT]

    /// Starts `command`, found by PATH; standard input is that of this process.
    init(_ command: [String], environment: [String: String]) throws {
        let (output, errors) = (try Self.pipe(), try Self.pipe())
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, output.write, STDOUT_FILENO)
        posix_spawn_file_actions_adddup2(&actions, errors.write, STDERR_FILENO)
        do {
            self.id = try Self.spawn(command, actions, environment: environment)
        } catch {
            for end in [output.read, output.write, errors.read, errors.write] { close(end) }
            throw error
        }
        close(output.write)
        close(errors.write)
        self.output = output.read
        self.errors = errors.read
        DispatchQueue(label: "trails.wait").async { self.reap() }
    }

    /// Starts `command`, found by PATH, in a session of its own.
    static func spawn(
        _ command: [String], _ actions: posix_spawn_file_actions_t, environment: [String: String]
    ) throws -> pid_t {
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        Self.set(&attributes)
        var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in arguments + variables { free(text) } }
        var (id, actions) = (pid_t(0), actions)
        let code = posix_spawnp(&id, command[0], &actions, &attributes, &arguments, &variables)
        guard code == 0 else {
            throw CommandFailure(
                code == ENOENT ? 127 : 126,
                "cannot start \(command[0]): \(String(cString: strerror(code)).lowercased())",
                hint: "is it in PATH, and may it be executed?")
        }
        return id
    }

    /// A session of its own, and signals as a program expects them.
    private static func set(_ attributes: inout posix_spawnattr_t) {
        var defaults = sigset_t()
        sigemptyset(&defaults)
        for number in self.signals { sigaddset(&defaults, number) }
        posix_spawnattr_setsigdefault(&attributes, &defaults)
        var mask = sigset_t()
        sigemptyset(&mask)
        posix_spawnattr_setsigmask(&attributes, &mask)
        #if canImport(Glibc)
            let newSession: Int32 = 0x80  // POSIX_SPAWN_SETSID, which the headers show to GNU sources only
        #else
            let newSession: Int32 = 0x400
        #endif
        posix_spawnattr_setflags(
            &attributes, Int16(newSession | Int32(POSIX_SPAWN_SETSIGDEF) | Int32(POSIX_SPAWN_SETSIGMASK)))
    }

    static func pipe() throws -> (read: Int32, write: Int32) {
        var ends: [Int32] = [0, 0]
        guard makePipe(&ends) == 0 else {
            throw CommandFailure(71, "no pipe can be made: \(String(cString: strerror(errno)).lowercased())")
        }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }

    private static func makePipe(_ ends: inout [Int32]) -> Int32 {
        #if canImport(Glibc)
            Glibc.pipe(&ends)
        #else
            Darwin.pipe(&ends)
        #endif
    }

    private func reap() {
        var status: Int32 = 0
        while waitpid(self.id, &status, 0) < 0, errno == EINTR {}
        let end: End = status & 0x7F == 0 ? .exited(status >> 8 & 0xFF) : .signalled(status & 0x7F)
        let waiters = self.end.withLock { state in
            state.end = end
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume(returning: end) }
    }

    /// Waits for the end of the program itself; what it started may go on.
    func ended() async -> End {
        await withCheckedContinuation { waiter in
            let end = self.end.withLock { state in
                if state.end == nil { state.waiters.append(waiter) }
                return state.end
            }
            if let end { waiter.resume(returning: end) }
        }
    }

    /// To the program and everything that it started and that did not leave its group.
    func signal(_ number: Int32) { kill(-self.id, number) }

    /// SIGTERM, and after `grace` SIGKILL, to the whole group.
    func stop(within grace: Duration) async {
        self.signal(SIGTERM)
        let deadline = ContinuousClock.now + grace
        while self.isGroupAlive, ContinuousClock.now < deadline { try? await Task.sleep(for: .milliseconds(20)) }
        self.signal(SIGKILL)
        _ = await self.ended()
    }

    private var isGroupAlive: Bool { kill(-self.id, 0) == 0 }

    /// Passes the signals that would end this program on to the other one, for as long as this program lives.
    func forwardSignals() -> [any DispatchSourceSignal] {
        [SIGINT, SIGTERM, SIGHUP, SIGQUIT].map { number in
            ignore(number)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { self.signal(number) }
            source.resume()
            return source
        }
    }

    private func ignore(_ number: Int32) {
        #if canImport(Glibc)
            Glibc.signal(number, SIG_IGN)
        #else
            Darwin.signal(number, SIG_IGN)
        #endif
    }
}

/// Reads a descriptor to its end on a thread of its own.
enum Drain {
    static func run(_ descriptor: Int32, _ take: @escaping @Sendable (ArraySlice<UInt8>) -> Void) async {
        await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
            DispatchQueue(label: "trails.drain").async {
                var buffer = [UInt8](repeating: 0, count: 65_536)
                while true {
                    let count = read(descriptor, &buffer, buffer.count)
                    if count < 0, errno == EINTR { continue }
                    guard count > 0 else { break }
                    take(buffer[..<count])
                }
                close(descriptor)
                done.resume()
            }
        }
    }
}
