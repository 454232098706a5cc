import NIOCore

/// The last handler in the pipeline of a WebSocket: bytes come in, the session hears messages.
///
///                  close() called              both close frames through, or time over
///     open ─────────────────────► closing ──────────────────────────────────────────► ended
///      │   the peer broke the rules, or closed     the peer has gone, or time over     ▲
///      ├───────────────────────► draining ─────────────────────────────────────────────┤
///      └───────────────────────────────────────────────────────────────────────────────┘
///
/// Before `start`, while HTTP is still leaving the pipeline, what comes is kept, and nothing is sent.
///
/// While draining, we have said why and closed our half; what comes is thrown away unread, because closing with
/// unread bytes resets the connection, and the peer would never see the close frame.
final class WebSocketHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    enum Phase { case starting, open, closing, draining, ended }

    let limits: WebSocketLimits
    var phase = Phase.starting
    var outbox: Outbox
    var context: ChannelHandlerContext?
    /// Set when the session may still be told something.
    var session: (any WebSocketSession)?
    var connection: WebSocketConnection?
    var reason: WebSocketCloseReason?
    /// When the peer was last heard, and when it was last pinged.
    var heardAt = NIODeadline.now()
    var pingedAt: NIODeadline?
    var timer: NIOScheduledCallback?
    var timerDue = NIODeadline.distantFuture

    /// Whether the session wants no messages now.
    private(set) var isPaused = true
    private var reader: MessageReader
    /// What came after `pauseReading`.
    private var held = ByteBuffer()
    /// A read that the channel asked for while paused, and that is owed to it.
    private var owesRead = false
    /// More than zero: what is sent now is flushed later, in one go.
    private var holdsOnFlush = 0
    private var isReading = false
    private var hasDelivered = false
    private var isFlushing = false
    /// The server was told to stop before `start`.
    private var isQuiescing = false

    init(role: WebSocketRole, limits: WebSocketLimits, session: any WebSocketSession) {
        self.limits = limits
        self.session = session
        self.reader = MessageReader(role: role, limits: limits)
        self.outbox = Outbox(role: role)
    }

    // MARK: Life

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    /// Begins to be a WebSocket: the session is told, and gets what has come already.
    ///
    /// `nil` if the channel is gone already; the session then hears nothing at all.
    @discardableResult
    func start() -> WebSocketConnection? {
        guard self.phase == .starting, let context = self.context, context.channel.isActive else { return nil }
        let connection = WebSocketConnection(channel: context.channel, handler: self)
        self.connection = connection
        self.phase = .open
        self.isPaused = false
        self.heardAt = .now()
        self.armTimer()
        self.deliver { session in session.opened(on: connection) }
        if self.isQuiescing { self.quiesce() }
        self.catchUp()
        return connection
    }

    private func quiesce() {
        self.close(code: CloseCode.goingAway, reason: "the server is going away")
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.finish()
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.finish()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.reason = self.reason ?? .dropped(cause: "\(error)")
        context.close(promise: nil)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed:
            // HTTP wants half-closure and so the channel allows it; here it would leave sockets in CLOSE_WAIT.
            context.close(promise: nil)
        case is ChannelShouldQuiesceEvent where self.phase == .starting:
            self.isQuiescing = true
        case is ChannelShouldQuiesceEvent:
            self.quiesce()
        default:
            context.fireUserInboundEventTriggered(event)
        }
    }

    /// Tells the session once, and breaks every cycle.
    private func finish() {
        guard self.phase != .ended else { return }
        let wasStarted = self.phase != .starting
        if self.phase == .open {
            self.isPaused = false
            self.deliverMessages(from: ByteBuffer())
        }
        // A close frame may have come in one read with what was delivered before it.
        self.deliverDrained()
        self.phase = .ended
        self.timer?.cancel()
        self.timer = nil
        self.connection?.end()
        if wasStarted { self.session?.closed(self.reason ?? .dropped(cause: nil)) }
        self.session = nil
        self.connection = nil
        self.context = nil
        self.held = ByteBuffer()
    }

    // MARK: Reading

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.heardAt = .now()
        self.isReading = true
        self.deliverMessages(from: self.unwrapInboundIn(data))
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        self.isReading = false
        if self.held.readableBytes > 0 { self.deliverMessages(from: ByteBuffer()) }
        self.deliverDrained()
        self.flush()
        if self.owesRead, !self.isPaused {
            self.owesRead = false
            context.read()
        }
        context.fireChannelReadComplete()
    }

    func read(context: ChannelHandlerContext) {
        if self.isPaused {
            self.owesRead = true
        } else {
            context.read()
        }
    }

    func pauseReading() {
        if self.phase == .open { self.isPaused = true }
    }

    func resumeReading() {
        guard self.isPaused else { return }
        self.isPaused = false
        // Within a read the loop there goes on by itself.
        if !self.isReading { self.catchUp() }
    }

    /// Delivers what was held, and reads on unless that made the session pause again.
    private func catchUp() {
        self.deliverMessages(from: ByteBuffer())
        self.deliverDrained()
        if self.owesRead, !self.isPaused {
            self.owesRead = false
            self.context?.read()
        }
    }

    /// Hands out every message that ends in `bytes`, until the session pauses.
    private func deliverMessages(from bytes: ByteBuffer) {
        var bytes = bytes
        if self.held.readableBytes > 0 {
            self.held.writeBuffer(&bytes)
            bytes = self.held
            self.held = ByteBuffer()
        }
        do {
            while !self.isPaused, self.phase == .open || self.phase == .closing,
                let event = try self.reader.next(from: &bytes)
            {
                self.handle(event)
            }
        } catch {
            self.fail(error)
        }
        if self.isPaused, bytes.readableBytes > 0 { self.held = bytes }
    }

    private func handle(_ event: MessageReader.Event) {
        switch (event, self.phase) {
        case (.close(let code, let reason), _):
            self.peerClosed(code: code, reason: reason)
        case (.ping(let payload), .open):
            // A peer that does not read its pongs gets none.
            if self.context?.channel.isWritable == true { self.write(.pong, payload) }
        case (.text(let text), .open):
            self.deliverMessage { session in session.received(text: text) }
        case (.binary(let binary), .open):
            self.deliverMessage { session in session.received(binary: binary) }
        case (.oversized(let size), .open):
            self.deliverMessage { session in session.received(oversized: size) }
        default:
            break
        }
    }

    private func deliverMessage(_ call: (any WebSocketSession) -> Void) {
        self.hasDelivered = true
        self.deliver(call)
    }

    private func deliverDrained() {
        guard self.hasDelivered else { return }
        self.hasDelivered = false
        self.deliver { session in session.drained() }
    }

    /// Calls the session; what it sends is flushed once, at the end of the read if there is one.
    private func deliver(_ call: (any WebSocketSession) -> Void) {
        guard let session = self.session else { return }
        self.holdsOnFlush += 1
        call(session)
        self.holdsOnFlush -= 1
        self.flushUnlessHeld()
    }

    // MARK: Writing

    var isWritable: Bool { self.context?.channel.isWritable ?? false }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        let isWritable = context.channel.isWritable
        if self.phase == .open { self.deliver { session in session.writabilityChanged(isWritable: isWritable) } }
        context.fireChannelWritabilityChanged()
    }

    /// Sends data frames, the bytes of which `pendingBytes` has counted.
    func send(_ opcode: Opcode, _ payloads: some Collection<ByteBuffer>) {
        guard self.phase == .open else {
            self.connection?.discount(payloads.reduce(0) { $0 + $1.readableBytes })
            return
        }
        for payload in payloads { self.outbox.add(opcode, payload, isCounted: true) }
        self.flushUnlessHeld()
    }

    /// Writes a control frame.
    func write(_ opcode: Opcode, _ payload: ByteBuffer) {
        self.outbox.add(opcode, payload, isCounted: false)
        self.flushUnlessHeld()
    }

    private func flushUnlessHeld() {
        if self.holdsOnFlush == 0, !self.isReading { self.flush() }
    }

    /// Hands everything that was gathered to the channel.
    ///
    /// A write can call the session (writability), which can send: that waits its turn here, or order would be lost.
    func flush() {
        guard let context = self.context, let connection = self.connection, !self.isFlushing else { return }
        self.isFlushing = true
        while let batch = self.outbox.take() {
            for chunk in batch.chunks.dropLast() { context.write(self.wrapOutboundOut(chunk), promise: nil) }
            var written: EventLoopPromise<Void>?
            if batch.counted > 0 {
                written = context.eventLoop.makePromise()
                written?.futureResult.whenComplete { _ in connection.discount(batch.counted) }
            }
            context.writeAndFlush(self.wrapOutboundOut(batch.chunks[batch.chunks.count - 1]), promise: written)
        }
        self.isFlushing = false
    }

    /// Flushes, and does `work` when the system has taken everything, or never will.
    func afterFlush(_ work: @escaping (ChannelHandlerContext) -> Void) {
        self.flush()
        guard let context = self.context else { return }
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenComplete { _ in
            if let context = self.context { work(context) }
        }
        context.writeAndFlush(self.wrapOutboundOut(ByteBuffer()), promise: written)
    }
}
