import NIOCore
import SubstratProtocol
import Vocabulary

/// The end of the pipeline of a connection: bytes in, requests out, and no bytes while too much is under way.
final class ConnectionHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let connection: Connection
    private let options: ServerOptions
    private let take: (RPCRequest) -> Void
    private var splitter: FrameSplitter
    private var isReadHeld = false
    private var lastSign = NIODeadline.now()
    /// Since when a request has been on its way.
    private var lineBegan: NIODeadline?
    private var timer: Scheduled<Void>?

    init(_ connection: Connection, _ options: ServerOptions, take: @escaping (RPCRequest) -> Void) {
        self.connection = connection
        self.options = options
        self.take = take
        self.splitter = FrameSplitter(frameMax: options.frameMax)
    }

    // MARK: Reading

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = self.unwrapInboundIn(data)
        let frames = self.splitter.feed(Array(buffer.readableBytesView))
        self.lastSign = .now()
        for frame in frames { self.take(frame) }
        if !self.splitter.isInside {
            self.lineBegan = nil
        } else if self.lineBegan == nil || !frames.isEmpty {
            self.lineBegan = self.lastSign
            self.arm(context)
        }
    }

    private func take(_ frame: FrameSplitter.Frame) {
        switch frame {
        case .tooLong:
            let message = "a request may have \(self.options.frameMax) at most"
            self.connection.send(RPCReply(.null, .error(.invalid(message))))
        case .line(let bytes):
            switch RPCRequest.read(bytes) {
            case .request(let request): self.take(request)
            case .refusal(let reply): self.connection.send(reply)
            }
        }
    }

    func read(context: ChannelHandlerContext) {
        self.isReadHeld = self.connection.holdIfCrowded()
        if !self.isReadHeld { context.read() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is Connection.HasRoom:
            if self.isReadHeld { self.read(context: context) }
        case ChannelEvent.inputClosed:
            // The end of the connection is the end of the last request; its answer can still be heard.
            if let frame = self.splitter.finish() { self.take(frame) }
            self.lineBegan = nil
            self.connection.end()
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    // MARK: Time

    func channelActive(context: ChannelHandlerContext) {
        self.arm(context)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.timer?.cancel()
        context.fireChannelInactive()
    }

    /// Looks again when the request that is on its way, or the connection, is over its time.
    private func arm(_ context: ChannelHandlerContext) {
        self.timer?.cancel()
        let deadline = (self.lineBegan.map { $0 + self.requestTimeout } ?? (self.lastSign + self.idleTimeout))
        self.timer = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { self.look(context) }
    }

    private func look(_ context: ChannelHandlerContext) {
        let now = NIODeadline.now()
        if let began = self.lineBegan, now >= began + self.requestTimeout {
            let message = "the request did not end within \(self.options.requestTimeout.humanText)"
            self.connection.send(RPCReply(.null, .error(.invalid(message))))
            self.connection.end()
            return
        }
        if self.connection.hasCalls { self.lastSign = now }
        if self.lineBegan == nil, now >= self.lastSign + self.idleTimeout {
            self.connection.end()
            return
        }
        self.arm(context)
    }

    private var requestTimeout: TimeAmount { TimeAmount(self.options.requestTimeout) }
    private var idleTimeout: TimeAmount { TimeAmount(self.options.idleTimeout) }
}
