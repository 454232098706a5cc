import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import TrailsCore
import TrailsWire
import Vocabulary
import WebTransport

/// What comes in on a socket of a test.
enum Heard: Sendable {
    case frame(Received<ServerFrame>)
    /// What is no frame of the server.
    case text(String)
    case closed(WebSocketCloseReason)
}

/// A connection of a test, with all it has heard. It speaks for as many apps as it likes.
final class Line: WebSocketSession {
    let inbox = Inbox<Heard>()
    private let server: PublicKey
    private let connection = Mutex<WebSocketConnection?>(nil)
    private let nonces = Mutex<[AppID: Nonce]>([:])

    init(server: PublicKey) { self.server = server }

    func opened(on connection: WebSocketConnection) { self.connection.withLock { $0 = connection } }

    func received(text: ByteBuffer) {
        if let frame = try? ServerFrame.decode(text.readableBytesView) {
            self.inbox.add(.frame(frame))
        } else {
            self.inbox.add(.text(String(buffer: text)))
        }
    }

    func received(binary: ByteBuffer) {}
    func received(oversized: Int) {}

    func closed(_ reason: WebSocketCloseReason) {
        self.inbox.add(.closed(reason))
        self.inbox.close()
    }

    var socket: WebSocketConnection { self.connection.withLock { $0! } }

    func hangUp() { self.socket.close(code: 1000, reason: "") }
}

// MARK: - Speaking

extension Line {
    func send(text: String) { self.socket.send(text: ByteBuffer(string: text)) }
    func send(_ bytes: [UInt8]) { self.socket.send(text: ByteBuffer(bytes: bytes)) }

    /// Sends a frame signed with `key` in the session that `app` has here, or in `session`, or in none.
    func send(_ frame: ClientFrame, key: SigningKey?, in session: Nonce? = nil) throws {
        self.send(try self.bytes(of: frame, key: key, in: session))
    }

    func bytes(of frame: ClientFrame, key: SigningKey?, in session: Nonce? = nil) throws -> [UInt8] {
        let nonce = session ?? self.session(of: frame.appID)
        return try frame.encoded(
            by: key.map { FrameSigner(key: $0, context: SigningContext(audience: self.server, nonce: nonce)) })
    }

    /// The nonce of the challenge that `app` has met here.
    func session(of app: AppID) -> Nonce? { self.nonces.withLock { $0[app] } }

    func report(
        _ member: Member, _ seq: Int64, _ kind: MessageKind = .status, _ payload: JSONValue = ["progress": 0.5]
    ) throws {
        try self.send(.message(member.message(seq, kind, payload)), key: member.signer)
    }

    func acknowledge(_ control: ControlFrame, by member: Member, result: JSONValue? = nil) throws {
        try self.send(
            .controlAck(
                ControlAckFrame(
                    appID: member.id, correlationID: control.correlationID, outcome: .done, result: result)),
            key: member.signer)
    }

    func leave(_ member: Member, _ reason: DisconnectReason) throws {
        try self.send(.disconnect(DisconnectFrame(appID: member.id, reason: reason)), key: member.signer)
    }

    func answer(_ challenge: ChallengeFrame, with key: SigningKey) throws {
        self.nonces.withLock { $0[challenge.appID] = challenge.nonce }
        self.send(try ChallengeResponseFrame.encoded(challenge.proof(), for: self.server, with: key))
    }

    /// Registers, proving the key where the server asks for it.
    func register(_ member: Member) async throws -> RegisteredFrame {
        try self.send(.register(member.registerFrame()), key: nil)
        return try await self.prove(member)
    }

    func registerAgain(_ member: Member) async throws -> RegisteredFrame {
        try self.send(
            .reRegister(ReRegisterFrame(appID: member.id, lastSeq: 0, publicKey: member.key.publicKey)), key: nil)
        return try await self.prove(member)
    }

    private func prove(_ member: Member) async throws -> RegisteredFrame {
        if member.level != .open {
            try self.answer(try await self.challenge(of: member.id), with: member.key)
        }
        return try await self.registered(member.id)
    }
}

// MARK: - Hearing

extension Line {
    func frame<Found: Sendable>(
        within limit: Duration = .seconds(60), _ match: @escaping @Sendable (ServerFrame) -> Found?
    ) async throws -> Found {
        try await self.inbox.next(within: limit) { if case .frame(let heard) = $0 { match(heard.frame) } else { nil } }
    }

    func challenge(of app: AppID) async throws -> ChallengeFrame {
        try await self.frame { if case .challenge(let frame) = $0, frame.appID == app { frame } else { nil } }
    }

    /// The answer to a register; a refusal is thrown.
    func registered(_ app: AppID) async throws -> RegisteredFrame {
        let answer: Result<RegisteredFrame, Refused> = try await self.frame {
            switch $0 {
            case .registered(let frame) where frame.appID == app: .success(frame)
            case .error(let frame) where frame.appID == app || frame.appID == nil: .failure(Refused(frame: frame))
            default: nil
            }
        }
        return try answer.get()
    }

    /// Waits until `seq` is acknowledged, alone or with all before it.
    @discardableResult
    func acknowledged(_ app: AppID, _ seq: Int64) async throws -> AckFrame {
        try await self.frame {
            guard case .ack(let frame) = $0, frame.appID == app else { return nil }
            return frame.seq == seq || (!frame.isSingle && frame.seq > seq) ? frame : nil
        }
    }

    func error(within limit: Duration = .seconds(60)) async throws -> ErrorFrame {
        try await self.frame(within: limit) { if case .error(let frame) = $0 { frame } else { nil } }
    }

    func control(of app: AppID, within limit: Duration = .seconds(60)) async throws -> ControlFrame {
        try await self.frame(within: limit) {
            if case .control(let frame) = $0, frame.appID == app { frame } else { nil }
        }
    }

    func closing() async throws -> WebSocketCloseReason {
        try await self.inbox.next { if case .closed(let reason) = $0 { reason } else { nil } }
    }
}

/// The server said no to a register.
struct Refused: Error {
    var frame: ErrorFrame
}

extension Member {
    /// The key its frames are signed with: none at `open`.
    var signer: SigningKey? { self.level == .open ? nil : self.key }
}
