import Dispatch
import ProcessGuard
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A program in a session of its own, so that it and all it starts can be ended together. It does not outlive this one:
/// nobody could cancel it any more, and the tree would call it crashed while it works on.
final class WorkProcess: Sendable {
    /// What the program has when this process dies without a word: nobody is there who would know a better number.
    static let grace = Duration.seconds(10)

    private let program: GuardedProcess
    /// The reading ends of its standard output and standard error.
    let output: Int32
    let errors: Int32
    private let state = Mutex(State())

    private struct State {
        var end: ProcessEnd?
        /// Nothing is left of it.
        var isQuiet = false
        var waiters: [CheckedContinuation<ProcessEnd, Never>] = []
    }

    /// Starts `command`, found by PATH; standard input is that of this process.
    init(_ command: [String], environment: [String: String]) throws {
        let (output, errors) = (try Self.pipe(), try Self.pipe())
        defer { for end in [output.write, errors.write] { close(end) } }
        var start = ProcessStart(command: command, environment: environment)
        (start.output, start.errors) = (output.write, errors.write)
        start.grace = Self.grace
        do {
            self.program = try GuardedProcess(start)
        } catch {
            for end in [output.read, errors.read] { close(end) }
            throw CommandFailure(
                error.errno == ENOENT ? 127 : 126, error.message, hint: "is it in PATH, and may it be executed?")
        }
        self.output = output.read
        self.errors = errors.read
        DispatchQueue(label: "trails.wait").async { self.watch() }
    }

    private static func pipe() throws -> (read: Int32, write: Int32) {
        do {
            return try Descriptors.pipe()
        } catch {
            throw CommandFailure(71, error.message)
        }
    }

    /// Follows what the guard says until nothing is left of the program. Blocks.
    private func watch() {
        var isQuiet = false
        while !isQuiet {
            let report = self.program.waitForReport()
            isQuiet = report == .quiet || report == .lost
            var end: ProcessEnd? = .signalled(SIGKILL)
            if case .ended(let known) = report { end = known }
            let (known, waiters) = self.state.withLock { state in
                state.isQuiet = isQuiet
                state.end = state.end ?? end
                defer { state.waiters = [] }
                return (state.end, state.waiters)
            }
            for waiter in waiters { if let known { waiter.resume(returning: known) } }
        }
    }

    /// The program has ended, and what it left goes on without this one.
    func letGo() { self.program.letGo() }

    /// Waits for the end of the program itself; what it started may go on.
    func ended() async -> ProcessEnd {
        await withCheckedContinuation { waiter in
            let end = self.state.withLock { state in
                if state.end == nil { state.waiters.append(waiter) }
                return state.end
            }
            if let end { waiter.resume(returning: end) }
        }
    }

    /// To the program and everything that it started and that did not leave its group.
    func signal(_ number: Int32) { self.program.signal(number, to: .group) }

    /// SIGTERM, and after `grace` SIGKILL, to all that descends from the program.
    func stop(within grace: Duration) async {
        self.program.signal(SIGTERM, to: .all)
        let deadline = ContinuousClock.now + grace
        while !self.isQuiet, ContinuousClock.now < deadline { try? await Task.sleep(for: .milliseconds(20)) }
        self.program.signal(SIGKILL, to: .all)
        _ = await self.ended()
    }

    private var isQuiet: Bool { self.state.withLock { $0.isQuiet } }

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
