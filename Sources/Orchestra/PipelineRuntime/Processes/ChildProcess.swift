import Dispatch
package import ProcessGuard
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// One program, watched on a thread of its own from its start until nothing of it runs any more.
package final class ChildProcess: Sendable {
    private let program: GuardedProcess
    private let request: ProcessRequest
    private let output: Int32
    private let errors: Int32
    private let control: (read: Int32, write: Int32)
    private let state = Mutex(State())
    private let start = ContinuousClock.now

    /// What other threads tell the watching one. The control pipe is open as long as `isWatched`.
    private struct State {
        var isWatched = true
        var isStopWanted = false
    }

    /// Runs `request` to its end.
    ///
    /// When the task is cancelled the program and all that descends from it are asked to stop (SIGTERM), and forced
    /// after `request.grace`. When it ends by itself, what it left in its group is ended too; what left the group goes
    /// on, as a daemon that was meant to. When this process dies, all are ended by the guard.
    /// Returns when nothing of what was to end runs any more.
    package static func run(_ request: ProcessRequest) async throws(ProcessError) -> ProcessReport {
        let child = try ChildProcess(request)
        return await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                child.onThread("watch") { waiter.resume(returning: child.watch()) }
            }
        } onCancel: {
            child.tell { $0.isStopWanted = true }
        }
    }

    /// Kills everything that runs, with nobody waiting for its end: for a program that ends in this instant.
    package static func killAll() {
        for program in Self.running.withLock({ Array($0.values) }) { program.signal(SIGKILL, to: .all) }
    }

    private static let running = Mutex<[Int32: GuardedProcess]>([:])

    private init(_ request: ProcessRequest) throws(ProcessError) {
        var opened: [Int32] = []
        do throws(ProcessError) {
            let input = try Descriptors.reading(request.input)
            opened.append(input)
            let (output, errors) = (try Self.pipe(&opened), try Self.pipe(&opened))
            self.control = try Self.pipe(&opened)
            self.program = try GuardedProcess(
                Self.start(request, input: input, output: output.write, errors: errors.write))
            for theirs in [input, output.write, errors.write] { close(theirs) }
            self.output = output.read
            self.errors = errors.read
            self.request = request
        } catch {
            for descriptor in opened { close(descriptor) }
            throw error
        }
        Self.running.withLock { [program] in $0[program.id] = program }
        for ours in [self.output, self.errors, self.control.read, self.control.write] {
            Descriptors.neverBlock(ours)
        }
    }

    private static func start(
        _ request: ProcessRequest, input: Int32, output: Int32, errors: Int32
    ) -> ProcessStart {
        var start = ProcessStart(
            command: request.command, environment: request.environment, workingDirectory: request.workingDirectory)
        (start.input, start.output, start.errors) = (input, output, errors)
        start.hold = request.hold
        start.grace = request.grace
        return start
    }

    private static func pipe(_ opened: inout [Int32]) throws(ProcessError) -> (read: Int32, write: Int32) {
        let pipe = try Descriptors.pipe()
        opened += [pipe.read, pipe.write]
        return pipe
    }

    /// A queue of its own is a thread of its own as long as it works.
    private func onThread(_ name: String, _ work: @escaping @Sendable () -> Void) {
        DispatchQueue(label: "orchestra.process.\(name)").async(execute: work)
    }

    private func tell(_ change: (inout State) -> Void) {
        self.state.withLock { state in
            change(&state)
            if state.isWatched { Descriptors.wake(self.control.write) }
        }
    }

    /// Reads what the program writes, and follows the orders of its supervision until that is over. Blocks.
    private func watch() -> ProcessReport {
        var supervision = Supervision(timeout: self.request.timeout, grace: self.request.grace)
        var streams = Streams(
            CapturedOutput(
                keptMax: self.request.keptMax, spillPath: self.request.spillPath, hear: self.request.hear),
            self.output, CapturedOutput(keptMax: self.request.keptMax, hear: self.request.hear), self.errors)
        var end: ProcessEnd?
        var isQuiet = false
        while supervision.phase != .over {
            streams.wait(self.control.read, isQuiet ? -1 : self.program.reports, for: self.patience(supervision))
            while !isQuiet, let report = self.program.nextReport() {
                if case .ended(let ending) = report { end = ending } else { isQuiet = true }
            }
            let sight = Supervision.Sight(
                hasEnded: end != nil || isQuiet, isGroupAlive: !isQuiet, isOutputOpen: streams.isOpen,
                isStopWanted: self.state.withLock { $0.isStopWanted })
            let order = supervision.advance(sight, at: ContinuousClock.now - self.start)
            // One that ended by itself may leave a daemon; one that is stopped leaves nothing.
            let scope: GuardedProcess.Scope = supervision.cause == nil ? .group : .all
            switch order {
            case .terminate: self.program.signal(SIGTERM, to: scope)
            case .kill: self.program.signal(SIGKILL, to: scope)
            case nil: break
            }
        }
        self.program.letGo()
        self.state.withLock { $0.isWatched = false }
        _ = Self.running.withLock { $0.removeValue(forKey: self.program.id) }
        for descriptor in [self.control.read, self.control.write] { close(descriptor) }
        streams.finish()
        return ProcessReport(
            end: end ?? .signalled(SIGKILL), stopCause: supervision.cause, output: streams.output.captured,
            errors: streams.errors.captured, duration: ContinuousClock.now - self.start)
    }

    /// Milliseconds until the next look, rounded up; -1 for as long as it takes.
    private func patience(_ supervision: Supervision) -> Int32 {
        let now = ContinuousClock.now - self.start
        guard let look = supervision.nextLook(at: now) else { return -1 }
        let milliseconds = max(.zero, look - now) / .milliseconds(1)
        return Int32(min(milliseconds.rounded(.up), 3_600_000))
    }
}

/// The two streams of a program.
private struct Streams {
    struct Stream {
        var captured: CapturedOutput
        /// -1 after the end, which `poll` passes over.
        var descriptor: Int32
    }

    var output: Stream
    var errors: Stream
    private var buffer = [UInt8](repeating: 0, count: 65_536)

    init(_ output: CapturedOutput, _ outputDescriptor: Int32, _ errors: CapturedOutput, _ errorDescriptor: Int32) {
        self.output = Stream(captured: output, descriptor: outputDescriptor)
        self.errors = Stream(captured: errors, descriptor: errorDescriptor)
    }

    var isOpen: Bool { self.output.descriptor >= 0 || self.errors.descriptor >= 0 }

    /// Waits until something can be read, but no longer than `milliseconds`, and reads what is not a report.
    mutating func wait(_ control: Int32, _ reports: Int32, for milliseconds: Int32) {
        var watched = [control, self.output.descriptor, self.errors.descriptor, reports].map {
            pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
        }
        guard poll(&watched, nfds_t(watched.count), milliseconds) > 0 else { return }
        if watched[0].revents != 0 { _ = Descriptors.read(control, into: &self.buffer) }
        if watched[1].revents != 0 { self.output.take(&self.buffer) }
        if watched[2].revents != 0 { self.errors.take(&self.buffer) }
    }

    mutating func finish() {
        self.output.finish(&self.buffer)
        self.errors.finish(&self.buffer)
    }
}

extension Streams.Stream {
    mutating func take(_ buffer: inout [UInt8]) {
        guard let bytes = Descriptors.read(self.descriptor, into: &buffer) else { return }
        if bytes.isEmpty { self.end() } else { self.captured.take(bytes) }
    }

    /// Reads what is there already, and no more: somebody out of reach may write for ever.
    mutating func finish(_ buffer: inout [UInt8]) {
        for _ in 0..<Self.roundsMax where self.descriptor >= 0 {
            guard let bytes = Descriptors.read(self.descriptor, into: &buffer), !bytes.isEmpty else { break }
            self.captured.take(bytes)
        }
        self.end()
        self.captured.finish()
    }

    /// More than a pipe can hold.
    private static let roundsMax = 32

    private mutating func end() {
        if self.descriptor >= 0 { close(self.descriptor) }
        self.descriptor = -1
    }
}
