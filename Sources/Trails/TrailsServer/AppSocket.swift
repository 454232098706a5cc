import Logging
import NIOCore
import TrailsCore
import TrailsWire
import Vocabulary
import WebTransport

/// One connection of apps, `/ws` (spec/trails.md §4): frames in, commands to the writer; news from the writer, frames
/// out. All its state belongs to its event loop.
final class AppSocket: WebSocketSession, Receiver {
    /// What the connections share.
    let house: SocketHouse
    let isSecure: Bool
    private let box: LoopBox<State>

    struct State {
        var connection: WebSocketConnection?
        /// The apps this connection speaks for.
        var voices: [AppID: Voice] = [:]
        /// The sessions of apps that it spoke for: what is still to be said to them is signed there.
        var former: [AppID: Nonce] = [:]
        /// The apps that have to prove their key.
        var challenges: [AppID: Challenge] = [:]
        /// Commands of this read, handed over together.
        var jobs: [Job] = []
        /// Commands that were handed over and not answered.
        var underWay = 0
        var isPaused = false
        var isClosed = false

        /// The session of `app`: the one it has, or the last that it had.
        func nonce(of app: AppID) -> Nonce? {
            guard let voice = self.voices[app] else { return self.former[app] }
            return voice.proof?.nonce
        }

        /// Forgets the challenge that a register has met, unless another has been made since.
        mutating func settle(_ app: AppID, _ proof: Proof?) {
            guard let proof, self.challenges[app]?.frame.nonce == proof.nonce else { return }
            self.challenges[app] = nil
        }
    }

    /// An app that is registered on this connection.
    struct Voice {
        var session: Int
        /// `nil` at `open`, where nothing is signed.
        var proof: Proof?
        /// By the server's clock.
        var heardAt: Timestamp
    }

    /// What the frames of an app are checked with, and signed for.
    struct Proof: Sendable {
        var verifier: Verifier
        var nonce: Nonce
    }

    /// A register that waits for a proof.
    struct Challenge {
        var wish: Wish
        var frame: ChallengeFrame
        var verifier: Verifier
        /// Counts down the time it has.
        var timeout: Scheduled<Void>
        /// It has been answered rightly, and the writer is at it.
        var isMet = false
    }

    enum Wish: Sendable {
        case register(RegisterFrame)
        /// `isSigned`: by an app above `open`, which believes no refusal that is not.
        case again(ReRegisterFrame, isSigned: Bool)

        var app: AppID {
            switch self {
            case .register(let frame): frame.appID
            case .again(let frame, _): frame.appID
            }
        }

        var key: PublicKey? {
            switch self {
            case .register(let frame): frame.childKey
            case .again(let frame, _): frame.publicKey
            }
        }

        /// Whether it comes from an app that wants its refusals signed, and has a key to be challenged with.
        var wantsProof: Bool {
            if case .again(let frame, let isSigned) = self { isSigned && frame.publicKey != nil } else { false }
        }
    }

    init(house: SocketHouse, isSecure: Bool) {
        self.house = house
        self.isSecure = isSecure
        self.box = LoopBox(State())
    }

    var eventLoop: any EventLoop { self.box.eventLoop }

    func withState<Value: Sendable>(_ body: (inout sending State) -> sending Value) -> sending Value {
        self.box.withValue(body)
    }
}

// MARK: - The connection

extension AppSocket {
    func opened(on connection: WebSocketConnection) {
        self.box.bind(to: connection.eventLoop)
        self.withState { $0.connection = connection }
        self.house.metrics.connections.add(1)
        connection.eventLoop.scheduleTask(in: .seconds(self.house.unprovenSecondsMax)) {
            let isProven = self.withState { !$0.voices.isEmpty || $0.isClosed }
            if !isProven { connection.close(code: 1008, reason: "nobody registered in time") }
        }
    }

    func received(text: ByteBuffer) {
        do throws(FrameError) {
            let received = try ClientFrame.decode(text.readableBytesView)
            do throws(FrameError) {
                try self.take(received)
            } catch {
                self.send(ErrorFrame(error, appID: received.frame.appID, seq: received.frame.seq))
            }
        } catch {
            self.send(ErrorFrame(error))
        }
    }

    func received(binary: ByteBuffer) {
        self.send(
            ErrorFrame(.badMessage, "binary frames are for level encrypted, which this server does not speak yet"))
    }

    func received(oversized: Int) {
        self.send(
            ErrorFrame(
                .tooLarge, "a message of \(oversized) bytes is over the limit of \(self.house.messageMax)",
                hint: "send less, or raise the limit: trailsd --limit message=N"))
    }

    func drained() {
        let jobs = self.withState { state in
            defer { state.jobs = [] }
            state.underWay += state.jobs.count
            return state.jobs
        }
        guard !jobs.isEmpty else { return }
        if !self.house.submit(jobs) {
            self.receive(
                jobs.compactMap {
                    if case .socket(_, let ticket) = $0.reply { .failed(ticket, .overloaded) } else { nil }
                })
        }
        self.slowDown()
    }

    func writabilityChanged(isWritable: Bool) {
        // Who does not read its acknowledgements is not read from either.
        let connection = self.withState { $0.isPaused ? nil : $0.connection }
        if isWritable { connection?.resumeReading() } else { connection?.pauseReading() }
    }

    func closed(_ reason: WebSocketCloseReason) {
        // The last words may have come in the same read as the end.
        self.drained()
        let voices = self.withState { state in
            defer {
                state.isClosed = true
                state.voices = [:]
                state.connection = nil
                for challenge in state.challenges.values { challenge.timeout.cancel() }
                state.challenges = [:]
            }
            return state.voices
        }
        self.house.metrics.connections.add(-1)
        let jobs = voices.map { app, voice in
            Job(command: .dropConnection(app, session: voice.session), reply: .none)
        }
        if !jobs.isEmpty { self.house.submitSurely(jobs) }
    }

    /// Stops reading while too much waits for the disk, and goes on when it is done.
    func slowDown() {
        let change: (connection: WebSocketConnection?, isPaused: Bool)? = self.withState { state in
            if !state.isPaused, state.underWay > SocketHouse.underWayMax {
                state.isPaused = true
            } else if state.isPaused, state.underWay < SocketHouse.underWayMax / 2 {
                state.isPaused = false
            } else {
                return nil
            }
            return (state.connection, state.isPaused)
        }
        guard let change else { return }
        // Outside the state: going on delivers at once what was held back.
        if change.isPaused { change.connection?.pauseReading() } else { change.connection?.resumeReading() }
    }
}
