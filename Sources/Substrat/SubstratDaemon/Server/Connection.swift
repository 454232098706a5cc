import NIOCore
import SubstratProtocol
import Synchronization
import Vocabulary

/// One client: how much of what it asked is under way, and what it has not read yet.
///
/// Answers come from many threads; all that is there when the event loop turns leaves in one write.
final class Connection: Sendable {
    private struct State {
        /// Not with the system yet.
        var outgoing: [UInt8] = []
        var isFlushScheduled = false
        /// Given to the channel and not written.
        var writing = 0
        /// Requests without the end of their answer.
        var calls = 0
        /// No bytes are read until there is room.
        var isHeld = false
        /// No more requests will come; it closes when all is answered.
        var isEnding = false
        var isClosed = false

        var waiting: Int { self.outgoing.count + self.writing }
        var isIdle: Bool { self.calls == 0 && self.waiting == 0 }
    }

    /// There is room for more requests.
    struct HasRoom {}

    let channel: any Channel
    private let options: ServerOptions
    private let state = Mutex(State())

    init(_ channel: any Channel, _ options: ServerOptions) {
        self.channel = channel
        self.options = options
        channel.closeFuture.whenComplete { _ in self.state.withLock { $0.isClosed = true } }
    }

    var isClosed: Bool { self.state.withLock { $0.isClosed } }
    var isCrowded: Bool { self.state.withLock { self.isCrowded($0) } }
    var hasCalls: Bool { self.state.withLock { $0.calls > 0 } }

    private func isCrowded(_ state: State) -> Bool {
        state.calls >= self.options.callsMax || state.waiting > self.options.crowdMax.bytes
    }

    // MARK: Calls

    func beginCall() { self.state.withLock { $0.calls += 1 } }

    /// Says the end of an answer.
    func endCall(_ reply: RPCReply) {
        self.send(reply)
        self.release { $0.calls -= 1 }
    }

    /// Whether no more is to be read for now; if so, `HasRoom` comes through the pipeline in time.
    func holdIfCrowded() -> Bool {
        self.state.withLock { state in
            state.isHeld = self.isCrowded(state)
            return state.isHeld
        }
    }

    /// Closes when everything that was asked is answered and written.
    func end() { self.release { $0.isEnding = true } }

    /// Makes `change`, after which there may be room, or nothing left to wait for.
    private func release(_ change: (inout State) -> Void) {
        let (hasRoom, isOver) = self.state.withLock { state -> (Bool, Bool) in
            change(&state)
            let hasRoom = state.isHeld && !self.isCrowded(state)
            if hasRoom { state.isHeld = false }
            return (hasRoom, state.isEnding && state.isIdle)
        }
        if isOver {
            self.channel.close(promise: nil)
        } else if hasRoom {
            self.channel.pipeline.fireUserInboundEventTriggered(HasRoom())
        }
    }

    // MARK: Writing

    private enum Step { case nothing, flush, drop }

    /// Says a line. Never waits.
    func send(_ reply: RPCReply) {
        var line: [UInt8] = []
        reply.write(to: &line)
        if line.count > self.options.frameMax.bytes {
            line = []
            RPCReply(reply.id, .error(RPCError(.fault, "the answer is longer than \(self.options.frameMax)")))
                .write(to: &line)
        }
        let step = self.state.withLock { state -> Step in
            guard !state.isClosed else { return .nothing }
            guard state.waiting + line.count <= self.options.waitingMax.bytes else {
                state.isClosed = true
                return .drop
            }
            state.outgoing += line
            defer { state.isFlushScheduled = true }
            return state.isFlushScheduled ? .nothing : .flush
        }
        switch step {
        case .nothing: break
        case .flush: self.channel.eventLoop.execute { self.flush() }
        case .drop: self.channel.close(promise: nil)
        }
    }

    private func flush() {
        let bytes = self.state.withLock { state -> [UInt8] in
            let bytes = state.outgoing
            state.outgoing = []
            state.isFlushScheduled = false
            state.writing += bytes.count
            return bytes
        }
        guard !bytes.isEmpty else { return }
        let count = bytes.count
        self.channel.writeAndFlush(ByteBuffer(bytes: bytes)).whenComplete { result in
            if case .failure = result { self.channel.close(promise: nil) }
            self.release { $0.writing -= count }
        }
    }
}
