import TestKit
import TrailsClient
import TrailsCore
import TrailsWire
import Vocabulary

/// A client core and a model server, with a wire between them that a test can cut, and a clock that it turns.
struct Stage {
    var core = ClientCore()
    var server: ModelServer
    var session: ModelServer.Session?
    var dice: SplitMix64
    var now = Timestamp(milliseconds: 1_000_000)
    var toServer: [[UInt8]] = []
    var toClient: [[UInt8]] = []
    var timers: [ClientTimer: Timestamp] = [:]
    var wantsConnection = false
    var wantsClose = false
    /// Whether anybody listens.
    var isUp = true

    var calls: [CommandCall] = []
    var cancels: [CancelCall] = []
    var warnings: [String] = []
    var flushes: [Int: Bool] = [:]
    var ends: [AppID: LaneEnd] = [:]
    var isFinished = false
    var spool: [SpoolNote] = []
    /// A frame that was on the wire.
    var recorded: [UInt8] = []
    /// How many frames left in each write.
    var writes: [Int] = []

    init(seed: UInt64 = 7, level: SecurityLevel = .open) {
        self.server = ModelServer(seed: seed, level: level)
        self.dice = SplitMix64(seed: seed ^ 0x5EED)
    }
}

extension Stage {
    static let parent = SigningKey(seed: [UInt8](repeating: 9, count: 32))!
    static let parentID = AppID("550e8400-e29b-41d4-a716-446655440000")!

    /// An app of this stage's level.
    mutating func identity(
        ancestors: [Ancestor] = [], requiresIssuer: Bool = false, isKnown: Bool = false
    ) -> ClientIdentity {
        let id = AppID.random(using: &self.dice)
        let key = SigningKey.random(using: &self.dice)
        let frame = RegisterFrame(appID: id, parentID: nil, appName: "app", childKey: key.publicKey)
        return ClientIdentity(
            appID: id, key: key, level: self.server.level, serverKey: self.server.key.publicKey, ancestors: ancestors,
            requiresIssuer: requiresIssuer, registration: isKnown ? nil : frame)
    }

    /// Tells the core something, and does what it wants.
    mutating func tell(_ inputs: ClientInput...) { self.tell(inputs) }

    mutating func tell(_ inputs: [ClientInput]) {
        let chance = Double.random(in: 0..<1, using: &self.dice)
        for output in self.core.handle(inputs, at: self.now, chance: chance) {
            switch output {
            case .connect: self.wantsConnection = true
            case .close: self.wantsClose = true
            case .send(let frames):
                self.writes.append(frames.count)
                if self.session != nil { self.toServer += frames }
            case .schedule(let timer, let delay): self.timers[timer] = self.now + delay
            case .drop(let timer): self.timers[timer] = nil
            case .run(let call): self.calls.append(call)
            case .cancel(let call): self.cancels.append(call)
            case .flushed(let id, let isAll): self.flushes[id] = isAll
            case .spool(let note): self.spool.append(note)
            case .warn(let text): self.warnings.append(text)
            case .ended(let app, let end): self.ends[app] = end
            case .finished: self.isFinished = true
            }
        }
    }

    mutating func report(_ app: AppID, _ payload: JSONValue) { self.report(app, .status, payload) }

    mutating func report(_ app: AppID, _ kind: MessageKind, _ payload: JSONValue) {
        let message = Message(
            id: .random(using: &self.dice), kind: kind, timestamp: self.now, payload: payload)
        self.tell(.report(app, message))
    }

    // MARK: The wire

    /// Opens or closes the socket, as the core asked for.
    mutating func turnSocket() {
        if self.wantsClose {
            self.wantsClose = false
            guard self.session != nil else {
                self.wantsConnection = false
                return self.tell(.lost("closed", isPolite: true))
            }
            while !self.toServer.isEmpty { self.deliverToServer() }
            self.cut(isPolite: true)
        } else if self.wantsConnection {
            self.wantsConnection = false
            guard self.isUp else { return self.tell(.lost("refused", isPolite: false)) }
            self.session = ModelServer.Session()
            self.tell(.opened)
        }
    }

    mutating func deliverToServer() {
        guard self.session != nil, !self.toServer.isEmpty else { return }
        self.toClient += self.server.receive(self.toServer.removeFirst(), on: &self.session!)
    }

    mutating func deliverToClient() {
        guard self.session != nil, !self.toClient.isEmpty else { return }
        self.tell(.received(self.toClient.removeFirst()))
    }

    /// Ends the socket; what is on its way is lost.
    mutating func cut(isPolite: Bool = false) {
        guard self.session != nil else { return }
        self.session = nil
        self.wantsClose = false
        self.toServer = []
        self.toClient = []
        self.tell(.lost("cut", isPolite: isPolite))
    }

    /// Turns the clock to the next timer.
    mutating func ring() {
        guard let next = self.timers.min(by: { ($0.value, "\($0.key)") < ($1.value, "\($1.key)") }) else { return }
        self.timers[next.key] = nil
        self.now = max(self.now, next.value)
        self.tell(.tick(next.key))
    }

    /// Lets `time` pass.
    mutating func pass(_ time: Duration) {
        let end = self.now + time
        while let next = self.timers.values.min(), next <= end {
            self.ring()
            self.run()
        }
        self.now = end
    }

    /// Does all that can be done without the clock.
    mutating func run() {
        while self.wantsConnection || self.wantsClose || !self.toServer.isEmpty || !self.toClient.isEmpty {
            self.turnSocket()
            self.deliverToServer()
            self.deliverToClient()
        }
    }

    /// Brings a frame of the server, signed in the session of the app unless `nonce` says otherwise.
    mutating func say(_ frame: ServerFrame, signedBy key: SigningKey? = nil, isSigned: Bool = true) {
        let nonce = isSigned ? frame.appID.flatMap { self.session?.voices[$0] ?? nil } : nil
        self.toClient.append(self.server.encode(frame, nonce, key: key))
        self.run()
    }

    mutating func command(_ frame: ControlFrame) {
        guard let session = self.session else { return _ = self.server.command(frame, on: ModelServer.Session()) }
        self.toClient += self.server.command(frame, on: session)
        self.run()
    }
}

extension ControlFrame {
    /// A command to one app, good for an hour.
    static func plain(
        _ action: String, to app: AppID, _ id: UInt64, payload: JSONValue = .null, at now: Timestamp
    ) -> Self {
        ControlFrame(
            appID: app, action: action, correlationID: CorrelationID(high: 1, low: id), payload: payload,
            issuedAt: now, expiresAt: now + .seconds(3_600), scope: .node)
    }
}
