import BenchKit
import NIOCore
import NIOPosix
import Synchronization
import TrailsCore
import TrailsWire
import Vocabulary
import WebTransport

/// An app that reports as fast as it is acknowledged, with a window of messages under way; it also answers commands.
///
/// It signs what it sends, at `signed`, and does not check what it gets: it is the load, not the thing measured.
final class LoadClient: WebSocketSession {
    let app: AppID
    let key: SigningKey
    let level: SecurityLevel
    private let parent: AppID?
    private let server: PublicKey
    private let counter: Counter
    /// At `open`, where nothing is signed, messages differ in their number alone.
    private let template: MessageTemplate
    private let state = Mutex(State())

    private struct State {
        var connection: WebSocketConnection?
        var nonce: Nonce?
        var sent: Int64 = 0
        var acknowledged: Int64 = 0
        var window: Int64 = 0
        var registered: CheckedContinuation<Void, any Error>?
    }

    init(
        level: SecurityLevel, server: PublicKey, counter: Counter = Counter(), parent: AppID? = nil,
        key: SigningKey? = nil
    ) {
        var dice = SystemRandomNumberGenerator()
        self.app = AppID.random(using: &dice)
        self.template = MessageTemplate(of: self.app)
        self.key = key ?? SigningKey.random(using: &dice)
        self.level = level
        self.parent = parent
        self.server = server
        self.counter = counter
    }

    /// Connects and registers.
    func start(at endpoint: ServerEndpoint, trust: TLSTrust = .system) async throws {
        _ = try await WebSocketClient.connect(
            to: WebSocketURL(endpoint.webSocketURL), trust: trust, on: MultiThreadedEventLoopGroup.singleton,
            session: self)
        try await withCheckedThrowingContinuation { continuation in
            self.state.withLock { $0.registered = continuation }
            let frame = RegisterFrame(
                appID: self.app, parentID: self.parent, appName: "load", childKey: self.key.publicKey,
                level: self.level)
            self.send(.register(frame))
        }
    }

    /// Begins to report, with so many messages under way.
    func report(window: Int64) {
        self.state.withLock { $0.window = window }
        self.fill()
    }

    func stop() { self.state.withLock { $0.window = 0 } }

    func close() { self.state.withLock { $0.connection }?.close(code: 1000, reason: "") }

    static func payload(_ seq: Int64) -> String {
        #"{"message":"working on it","progress":0.42,"step":\#(seq)}"#
    }

    // MARK: The session

    func opened(on connection: WebSocketConnection) { self.state.withLock { $0.connection = connection } }

    func received(text: ByteBuffer) {
        if let seq = Acknowledgement.seq(in: text) { return self.acknowledge(seq) }
        guard let frame = try? ServerFrame.decode(text.readableBytesView).frame else { return }
        switch frame {
        case .challenge(let challenge):
            let answer = try? ChallengeResponseFrame.encoded(challenge.proof(), for: self.server, with: self.key)
            let connection = self.state.withLock { state in
                state.nonce = challenge.nonce
                return state.connection
            }
            if let answer { connection?.send(text: ByteBuffer(bytes: answer)) }
        case .registered: self.state.withLock { $0.registered.take() }?.resume()
        case .ack(let ack): self.acknowledge(ack.seq)
        case .control(let control):
            self.send(
                .controlAck(
                    ControlAckFrame(appID: self.app, correlationID: control.correlationID, outcome: .done)))
        case .error(let error):
            self.state.withLock { $0.registered.take() }?.resume(throwing: BenchError(error.message))
        case .pongApp: break
        }
    }

    func received(binary: ByteBuffer) {}
    func received(oversized: Int) {}
    func drained() { self.fill() }

    func closed(_ reason: WebSocketCloseReason) {
        self.state.withLock { state in
            state.connection = nil
            return state.registered.take()
        }?.resume(throwing: BenchError("closed: \(reason)"))
    }

    // MARK: Reporting

    private func acknowledge(_ seq: Int64) {
        let fresh = self.state.withLock { state in
            let fresh = max(0, seq - state.acknowledged)
            state.acknowledged = max(state.acknowledged, seq)
            return fresh
        }
        self.counter.add(Int(fresh))
    }

    private func fill() {
        let (range, connection) = self.state.withLock { state -> (ClosedRange<Int64>?, WebSocketConnection?) in
            let last = state.acknowledged + state.window
            guard state.window > 0, last > state.sent else { return (nil, nil) }
            defer { state.sent = last }
            return (state.sent + 1...last, state.connection)
        }
        guard let range, let connection else { return }
        connection.send(
            texts: range.compactMap { seq in
                self.level == .open
                    ? self.template.message(seq) : self.encoded(.message(MessageTemplate.frame(of: self.app, seq)))
            })
    }

    private func send(_ frame: ClientFrame) {
        guard let bytes = self.encoded(frame) else { return }
        self.state.withLock { $0.connection }?.send(text: bytes)
    }

    private func encoded(_ frame: ClientFrame) -> ByteBuffer? {
        let nonce = self.state.withLock { $0.nonce }
        let signer =
            self.level == .open
            ? nil : FrameSigner(key: self.key, context: SigningContext(audience: self.server, nonce: nonce))
        return (try? frame.encoded(by: signer)).map { ByteBuffer(bytes: $0) }
    }
}
