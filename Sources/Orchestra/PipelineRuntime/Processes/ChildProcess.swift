import Dispatch
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// One program, watched on a thread of its own from its start until nothing of it runs any more.
package final class ChildProcess: Sendable {
    private let group: ProcessGroup
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
        var hasEnded = false
    }

    /// Runs `request` to its end.
    ///
    /// When the task is cancelled the program is asked to stop (SIGTERM to its group), and forced after
    /// `request.grace`.
    /// Returns when nothing of its group runs any more.
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
        for group in Self.running.withLock({ $0 }) { ProcessGroup(id: group).signal(SIGKILL) }
    }

    private static let running = Mutex<Set<pid_t>>([])

    private init(_ request: ProcessRequest) throws(ProcessError) {
        var opened: [Int32] = []
        do throws(ProcessError) {
            let input = try Descriptors.reading(request.input)
            opened.append(input)
            let (output, errors) = (try Self.pipe(&opened), try Self.pipe(&opened))
            self.control = try Self.pipe(&opened)
            self.group = try ProcessGroup(request, input: input, output: output.write, errors: errors.write)
            for theirs in [input, output.write, errors.write] { close(theirs) }
            self.output = output.read
            self.errors = errors.read
            self.request = request
        } catch {
            for descriptor in opened { close(descriptor) }
            throw error
        }
        _ = Self.running.withLock { [group] in $0.insert(group.id) }
        for ours in [self.output, self.errors, self.control.read, self.control.write] {
            Descriptors.neverBlock(ours)
        }
        self.onThread("wait") {
            self.group.waitForEnd()
            self.tell { $0.hasEnded = true }
        }
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
            CapturedOutput(keptMax: self.request.keptMax, spillPath: self.request.spillPath), self.output,
            CapturedOutput(keptMax: self.request.keptMax), self.errors)
        var end: ProcessEnd?
        while supervision.phase != .over {
            streams.wait(self.control.read, for: self.patience(supervision, hasEnded: end != nil))
            let state = self.state.withLock { $0 }
            if state.hasEnded, end == nil { end = self.group.reap() }
            let sight = Supervision.Sight(
                hasEnded: end != nil, isGroupAlive: end == nil || self.group.isAlive,
                isOutputOpen: streams.isOpen, isStopWanted: state.isStopWanted)
            switch supervision.advance(sight, at: ContinuousClock.now - self.start) {
            case .terminate: self.group.signal(SIGTERM)
            case .kill: self.group.signal(SIGKILL)
            case nil: break
            }
        }
        self.state.withLock { $0.isWatched = false }
        _ = Self.running.withLock { $0.remove(self.group.id) }
        for descriptor in [self.control.read, self.control.write] { close(descriptor) }
        streams.finish()
        return ProcessReport(
            end: end ?? .signalled(SIGKILL), stopCause: supervision.cause, output: streams.output.captured,
            errors: streams.errors.captured, duration: ContinuousClock.now - self.start)
    }

    /// Milliseconds until the next look, rounded up; -1 for as long as it takes.
    private func patience(_ supervision: Supervision, hasEnded: Bool) -> Int32 {
        let now = ContinuousClock.now - self.start
        guard let look = supervision.nextLook(hasEnded: hasEnded, at: now) else { return -1 }
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

    /// Waits until something can be read, but no longer than `milliseconds`, and reads it.
    mutating func wait(_ control: Int32, for milliseconds: Int32) {
        var watched = [control, self.output.descriptor, self.errors.descriptor].map {
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
