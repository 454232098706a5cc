import BenchKit
import NIOCore
import NIOPosix
import Synchronization
import TrailsClient
import TrailsCore
import TrailsWire
import Vocabulary
import WebTransport

/// An app of a troop, and what it proves itself with above `open`.
struct Soldier: Sendable {
    let app: AppID
    let parent: AppID
    let key: SigningKey
    let level: SecurityLevel
    let enrolment: Enrolment?

    /// A child that its parent has declared, where the level asks for it.
    init(
        level: SecurityLevel, parent: AppID, parentKey: SigningKey, server: PublicKey, at now: Timestamp
    ) throws {
        var dice = SystemRandomNumberGenerator()
        let seed = [UInt8].random(count: SigningKey.seedByteCount, using: &dice)
        let enrolKey = try SigningKey(seed: seed).orThrow("no key of \(seed.count) bytes")
        self.app = .random(using: &dice)
        self.parent = parent
        self.key = .random(using: &dice)
        self.level = level
        guard level > .open else {
            self.enrolment = nil
            return
        }
        let declaration = try Declaration(
            appID: self.app, parentID: parent, enrolKey: enrolKey.publicKey, level: level, scheduledAt: now,
            serverKey: server
        ).signed(by: parentKey)
        self.enrolment = Enrolment(seed: seed, declaration: declaration)
    }

    var registration: RegisterFrame {
        var frame = RegisterFrame(
            appID: self.app, parentID: self.parent, appName: "troop", childKey: self.key.publicKey,
            level: self.level, declaration: self.enrolment?.declaration)
        if let enrolment = self.enrolment {
            var dice = SystemRandomNumberGenerator()
            let nonce = Nonce.challenge(using: &dice)
            frame.nonce = nonce
            frame.enrolSignature = enrolment.proof(of: self.key.publicKey, nonce: nonce).signature
        }
        return frame
    }
}

/// Many apps on one socket, which do at once what they are commanded.
final class Troop: WebSocketSession {
    private let server: PublicKey
    private let state: Mutex<State>

    private struct State {
        var soldiers: [AppID: Soldier]
        var nonces: [AppID: Nonce] = [:]
        var connection: WebSocketConnection?
        var missing: Int
        var registered: CheckedContinuation<Void, any Error>?
    }

    init(_ soldiers: [Soldier], server: PublicKey) {
        self.server = server
        let byApp = soldiers.map { ($0.app, $0) }
        self.state = Mutex(State(soldiers: Dictionary(uniqueKeysWithValues: byApp), missing: soldiers.count))
    }

    /// Connects and registers them all.
    func start(at endpoint: ServerEndpoint) async throws {
        let connection = try await WebSocketClient.connect(
            to: WebSocketURL(endpoint.webSocketURL), on: MultiThreadedEventLoopGroup.singleton, session: self)
        try await withCheckedThrowingContinuation { continuation in
            let soldiers = self.state.withLock { state in
                state.registered = continuation
                return Array(state.soldiers.values)
            }
            connection.send(texts: soldiers.compactMap { self.encoded(.register($0.registration), nil) })
        }
    }

    func close() { self.state.withLock { $0.connection }?.close(code: 1000, reason: "") }

    // MARK: The session

    func opened(on connection: WebSocketConnection) { self.state.withLock { $0.connection = connection } }

    func received(text: ByteBuffer) {
        guard let frame = try? ServerFrame.decode(text.readableBytesView).frame else { return }
        switch frame {
        case .challenge(let frame): self.answer(frame)
        case .registered: self.countRegistered()
        case .control(let frame):
            guard let soldier = self.state.withLock({ $0.soldiers[frame.appID] }) else { return }
            let answer = ControlAckFrame(appID: frame.appID, correlationID: frame.correlationID, outcome: .done)
            self.send(self.encoded(.controlAck(answer), soldier))
        case .error(let error): self.fail(BenchError("a troop was told: \(error.message)"))
        case .ack, .pongApp: break
        }
    }

    func received(binary: ByteBuffer) {}
    func received(oversized: Int) {}

    func closed(_ reason: WebSocketCloseReason) {
        self.state.withLock { $0.connection = nil }
        self.fail(BenchError("a troop was cut off: \(reason)"))
    }

    private func answer(_ frame: ChallengeFrame) {
        let soldier = self.state.withLock { state in
            state.nonces[frame.appID] = frame.nonce
            return state.soldiers[frame.appID]
        }
        guard let soldier,
            let bytes = try? ChallengeResponseFrame.encoded(frame.proof(), for: self.server, with: soldier.key)
        else { return }
        self.send(ByteBuffer(bytes: bytes))
    }

    private func countRegistered() {
        self.state.withLock { state in
            state.missing -= 1
            return state.missing == 0 ? state.registered.take() : nil
        }?.resume()
    }

    private func fail(_ error: BenchError) {
        self.state.withLock { $0.registered.take() }?.resume(throwing: error)
    }

    private func send(_ bytes: ByteBuffer?) {
        guard let bytes else { return }
        self.state.withLock { $0.connection }?.send(text: bytes)
    }

    /// Signed by `soldier`, where it is above `open` and has a session.
    private func encoded(_ frame: ClientFrame, _ soldier: Soldier?) -> ByteBuffer? {
        var signer: FrameSigner?
        if let soldier, soldier.level > .open {
            let nonce = self.state.withLock { $0.nonces[soldier.app] }
            signer = FrameSigner(key: soldier.key, context: SigningContext(audience: self.server, nonce: nonce))
        }
        return (try? frame.encoded(by: signer)).map { ByteBuffer(bytes: $0) }
    }
}

extension Optional {
    func orThrow(_ problem: String) throws(BenchError) -> Wrapped {
        guard let self else { throw BenchError(problem) }
        return self
    }
}
