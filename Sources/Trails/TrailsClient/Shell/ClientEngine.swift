import DurableFiles
import Logging
import NIOCore
import NIOPosix
import Synchronization
import TrailsCore
package import TrailsWire
package import Vocabulary
package import WebTransport

/// Keeps one `ClientCore` going: its socket, its timers, its hooks and its spool.
///
/// All of that lives on one event loop, with a thread of its own that all clients of the process share: what the app
/// calls only puts something into the inbox. One task opens sockets and runs hooks. Nothing here waits for the server.
package final class ClientEngine: Sendable {
    /// Where the engine's clients live. Made at the first client; a process without one has no such thread.
    static let thread: any EventLoop = MultiThreadedEventLoopGroup(numberOfThreads: 1).next()

    let endpoint: ServerEndpoint
    let trust: TLSTrust
    let logger: Logger
    let eventLoop: any EventLoop
    private let inbox = Mutex(Inbox())
    private let state: NIOLoopBoundBox<State>
    private let work: AsyncStream<Work>.Continuation
    let hooks = Hooks()
    /// Takes the warnings in place of the log.
    private let notice: (@Sendable (String) -> Void)?

    /// What belongs to the event loop.
    struct State {
        var core = ClientCore()
        var connection: WebSocketConnection?
        /// Tells the socket of now from those before it.
        var generation = 0
        var timers: [ClientTimer: Scheduled<Void>] = [:]
        var flushes: [Int: EventLoopPromise<Bool>] = [:]
        var lastFlush = 0
        var spool: Spool?
        var isFinished = false
        var finishWaiters: [EventLoopPromise<Void>] = []
        var ends: [AppID: LaneEnd] = [:]
    }

    /// What needs a task.
    enum Work: Sendable {
        case connect(generation: Int)
        case run(CommandCall)
        case cancel(CancelCall)
    }

    package init(
        endpoint: ServerEndpoint, trust: TLSTrust, spool: sending Spool? = nil,
        notice: (@Sendable (String) -> Void)? = nil
    ) {
        self.notice = notice
        self.endpoint = endpoint
        self.trust = trust
        self.logger = Logger(label: "trails")
        self.eventLoop = Self.thread
        self.state = .makeBoxSendingValue(State(spool: spool), eventLoop: self.eventLoop)
        let (stream, work) = AsyncStream.makeStream(of: Work.self, bufferingPolicy: .unbounded)
        self.work = work
        // The one task of a client: it ends with the last app the client speaks for.
        Task { [weak self] in
            await withDiscardingTaskGroup { group in
                for await item in stream {
                    guard let self else { return }
                    group.addTask { await self.perform(item) }
                }
            }
        }
    }
}

// MARK: - From the app

extension ClientEngine {
    /// Takes a report. Returns at once, whatever the network does.
    func report(_ report: Inbox.Report) {
        if self.inbox.withLock({ $0.add(report) }) { self.wake() }
    }

    package func tell(_ input: ClientInput) {
        if self.inbox.withLock({ $0.add(input) }) { self.wake() }
    }

    private func wake() { self.eventLoop.execute { self.drain() } }

    /// Whether everything reported so far is acknowledged, within `timeout`.
    func flush(timeout: Duration) async -> Bool {
        let promise = self.eventLoop.makePromise(of: Bool.self)
        self.eventLoop.execute {
            self.drain()
            guard !self.state.value.isFinished else { return promise.succeed(self.state.value.core.isAllAcknowledged) }
            // The core may still answer one that nobody waits for any more: no number is used twice.
            self.state.value.lastFlush += 1
            let id = self.state.value.lastFlush
            self.state.value.flushes[id] = promise
            self.eventLoop.scheduleTask(in: TimeAmount(timeout)) {
                self.state.value.flushes.removeValue(forKey: id)?.succeed(false)
            }
            self.handle([.flush(id)])
        }
        return (try? await promise.futureResult.get()) ?? false
    }

    /// Waits until the client speaks for nobody any more.
    package func finished() async {
        let promise = self.eventLoop.makePromise(of: Void.self)
        self.eventLoop.execute {
            if self.state.value.isFinished { promise.succeed() } else { self.state.value.finishWaiters.append(promise) }
        }
        try? await promise.futureResult.get()
    }

    /// Why the client speaks for an app no longer; `nil` as long as it does.
    package func end(of app: AppID) async -> LaneEnd? {
        let promise = self.eventLoop.makePromise(of: LaneEnd?.self)
        self.eventLoop.execute { promise.succeed(self.state.value.ends[app]) }
        return try? await promise.futureResult.get()
    }
}

// MARK: - On the event loop

extension ClientEngine {
    /// Takes what is in the inbox.
    private func drain() {
        let (reports, inputs) = self.inbox.withLock { $0.takeAll() }
        var dice = SystemRandomNumberGenerator()
        let messages = reports.map { ClientInput.report($0.app, $0.message(id: .random(using: &dice), self.logger)) }
        guard !messages.isEmpty || !inputs.isEmpty else { return }
        self.introduce(inputs)
        // Who says goodbye has reported before.
        let (first, last) = (inputs.filter { !$0.isGoodbye }, inputs.filter(\.isGoodbye))
        self.handle(first + messages + last)
    }

    /// Tells the core, and does what it wants.
    func handle(_ inputs: [ClientInput]) {
        let outputs = self.state.value.core.handle(inputs, at: .now(), chance: .random(in: 0..<1))
        var notes: [SpoolNote] = []
        for output in outputs {
            if case .spool(let note) = output {
                if self.state.value.spool != nil { notes.append(note) }
                continue
            }
            // What is sent is in the spool before.
            self.keep(&notes)
            self.perform(output)
        }
        self.keep(&notes)
    }

    private func keep(_ notes: inout [SpoolNote]) {
        guard !notes.isEmpty else { return }
        defer { notes = [] }
        do throws(FileError) {
            try self.state.value.spool?.keep(notes)
        } catch {
            self.logger.warning("the spool has ended", metadata: ["reason": "\(error.message)"])
            self.state.value.spool = nil
        }
    }

    private func perform(_ output: ClientOutput) {
        switch output {
        case .connect:
            self.state.value.generation += 1
            self.work.yield(.connect(generation: self.state.value.generation))
        case .close: self.close()
        case .send(let frames): self.state.value.connection?.send(texts: frames.map { ByteBuffer(bytes: $0) })
        case .schedule(let timer, let delay):
            self.state.value.timers[timer]?.cancel()
            self.state.value.timers[timer] = self.eventLoop.scheduleTask(in: TimeAmount(delay)) {
                self.state.value.timers[timer] = nil
                self.handle([.tick(timer)])
            }
        case .drop(let timer): self.state.value.timers.removeValue(forKey: timer)?.cancel()
        case .run(let call): self.work.yield(.run(call))
        case .cancel(let call): self.work.yield(.cancel(call))
        case .flushed(let id, let isAll): self.state.value.flushes.removeValue(forKey: id)?.succeed(isAll)
        case .spool: break
        case .warn(let text): self.warn(text)
        case .ended(let app, let end): self.state.value.ends[app] = end
        case .finished: self.finish()
        }
    }

    private func warn(_ text: String) {
        if let notice { notice(text) } else { self.logger.warning("\(text)") }
    }

    /// A spool remembers how each app registers, before it remembers what the app says.
    private func introduce(_ inputs: [ClientInput]) {
        guard self.state.value.spool != nil else { return }
        for case .adopt(let identity) in inputs {
            do throws(FileError) {
                try self.state.value.spool?.introduce(identity)
            } catch {
                self.warn("the spool has ended: \(error.message)")
                self.state.value.spool = nil
            }
        }
    }

    private func close() {
        if let connection = self.state.value.connection {
            connection.close(code: 1000, reason: "")
        } else {
            // The socket is still being opened: when it is, nobody will want it.
            self.state.value.generation += 1
            self.eventLoop.execute { self.handle([.lost("closed", isPolite: true)]) }
        }
    }

    private func finish() {
        self.state.value.isFinished = true
        self.work.finish()
        for timer in self.state.value.timers.values { timer.cancel() }
        self.state.value.timers = [:]
        self.state.value.spool?.finish()
        for promise in self.state.value.flushes.values { promise.succeed(self.state.value.core.isAllAcknowledged) }
        self.state.value.flushes = [:]
        for promise in self.state.value.finishWaiters { promise.succeed() }
        self.state.value.finishWaiters = []
    }
}

// MARK: - The socket

extension ClientEngine {
    func opened(_ connection: WebSocketConnection, generation: Int) {
        guard generation == self.state.value.generation else { return connection.close(code: 1000, reason: "") }
        self.state.value.connection = connection
        self.handle([.opened])
    }

    /// Hears of the socket of `generation`; what an earlier one says is no longer of interest.
    func hear(_ inputs: [ClientInput], generation: Int) {
        guard generation == self.state.value.generation else { return }
        self.handle(inputs)
    }

    func lost(_ why: String, isPolite: Bool, generation: Int) {
        guard generation == self.state.value.generation else { return }
        self.state.value.connection = nil
        self.handle([.lost(why, isPolite: isPolite)])
    }
}

// MARK: - In the task

extension ClientEngine {
    private func perform(_ work: Work) async {
        switch work {
        case .connect(let generation): await self.connect(generation)
        case .run(let call):
            let answer = await self.hooks.run(call)
            self.tell(.answered(call.appID, call.id, answer))
        case .cancel(let call):
            let answer = await self.hooks.cancel(call)
            if let id = call.id { self.tell(.answered(call.appID, id, answer)) }
        }
    }

    private func connect(_ generation: Int) async {
        do throws(WebSocketClientError) {
            let url = try WebSocketURL(self.endpoint.webSocketURL)
            // The frames of the server are as long as those of an app, and a signature.
            let limits = WebSocketLimits(messageMax: ClientCore.frameMax * 2)
            _ = try await WebSocketClient.connect(
                to: url, trust: self.trust, on: self.eventLoop, limits: limits,
                session: ClientSocket(engine: self, generation: generation))
        } catch {
            self.eventLoop.execute { self.lost(error.message, isPolite: false, generation: generation) }
        }
    }
}

extension ClientInput {
    /// Whether it takes the app away.
    fileprivate var isGoodbye: Bool {
        switch self {
        case .leave, .hurry, .answered, .flush: true
        default: false
        }
    }
}

extension TimeAmount {
    init(_ duration: Duration) { self = .milliseconds(duration.wholeMilliseconds) }
}
