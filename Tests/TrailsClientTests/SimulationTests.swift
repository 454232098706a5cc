import TestKit
import Testing
import TrailsClient
import TrailsCore
import TrailsWire
import Vocabulary

@Suite(.timeLimit(.minutes(10))) struct `A client on a lossy wire` {
    @Test func `has every message stored exactly once and in order, whatever happens`() {
        for seed in 0..<30 {
            let level: SecurityLevel = seed % 10 == 9 ? .signed : .open
            var world = World(seed: UInt64(seed), level: level, apps: 1 + seed % 3)
            world.live(steps: level == .open ? 800 : 150)
            world.heal()
            let faults = world.faults()
            #expect(faults == [], "seed \(seed)")
            if !faults.isEmpty { break }
        }
    }
}

/// A stage on which anything may happen, and what must be true afterwards.
struct World {
    var stage: Stage
    var apps: [AppID] = []
    var reported: [AppID: [Message]] = [:]

    init(seed: UInt64, level: SecurityLevel, apps: Int) {
        self.stage = Stage(seed: seed, level: level)
        for _ in 0..<apps {
            let identity = self.stage.identity()
            self.apps.append(identity.appID)
            self.stage.tell(.adopt(identity), .learn(identity.appID, action: "echo"))
        }
    }

    mutating func live(steps: Int) {
        for step in 0..<steps { self.happen(step) }
    }

    private mutating func happen(_ step: Int) {
        let app = self.stage.dice.pick(self.apps)
        switch Int.random(in: 0..<100, using: &self.stage.dice) {
        case 0..<20: self.report(app, step)
        case 20..<21: for burst in 0..<200 { self.report(app, step * 1_000 + burst) }
        case 21..<50: self.stage.deliverToServer()
        case 50..<75: self.stage.deliverToClient()
        case 75..<85: self.stage.turnSocket()
        case 85..<90: self.stage.ring()
        case 90..<92: self.stage.cut()
        case 92..<93: self.stage.isUp.toggle()
        case 93..<96:
            // A frame comes twice.
            if let frame = self.stage.toClient.first { self.stage.toClient.insert(frame, at: 0) }
        case 96..<97: self.stage.tell(.writable(step % 2 == 0))
        default:
            let frame = ControlFrame.plain("echo", to: app, UInt64(step), at: self.stage.now)
            if let session = self.stage.session { self.stage.toClient += self.stage.server.command(frame, on: session) }
        }
        self.answer()
    }

    private mutating func answer() {
        let calls = self.stage.calls
        self.stage.calls = []
        self.ran += calls.map(\.id)
        for call in calls { self.stage.tell(.answered(call.appID, call.id, CommandAnswer(.done))) }
    }

    var ran: [CorrelationID] = []

    private mutating func report(_ app: AppID, _ number: Int) {
        let kind: MessageKind = number % 50 == 49 ? .result : .status
        let message = Message(
            id: .random(using: &self.stage.dice), kind: kind, timestamp: self.stage.now,
            payload: .integer(Int64(number)))
        self.reported[app, default: []].append(message)
        self.stage.tell(.report(app, message))
    }

    /// The network is well from here on.
    mutating func heal() {
        self.stage.isUp = true
        self.stage.tell(.writable(true))
        for _ in 0..<50 {
            self.stage.run()
            while !self.stage.calls.isEmpty {
                self.answer()
                self.stage.run()
            }
            self.stage.ring()
        }
        self.stage.run()
        self.stage.tell(.flush(1))
    }

    /// What is not as it must be.
    func faults() -> [String] {
        var faults = self.stage.server.complaints
        if self.stage.flushes[1] != true { faults.append("not all is acknowledged") }
        if Set(self.ran).count != self.ran.count { faults.append("a command ran twice") }
        let dropped = Set(
            self.stage.spool.compactMap { if case .dropped(_, let id) = $0 { id } else { nil } })
        for app in self.apps {
            let messages = self.reported[app] ?? []
            if messages.contains(where: { dropped.contains($0.id) && $0.kind != .status }) {
                faults.append("a result was dropped")
            }
            let expected = messages.filter { !dropped.contains($0.id) }.map(\.payload)
            let stored = self.stage.server.log[app] ?? []
            if stored.map(\.payload) != expected { faults.append("stored \(stored.count), not \(expected.count)") }
            if stored.map(\.seq) != Array(1...Int64(max(1, stored.count))).prefix(stored.count).map({ $0 }) {
                faults.append("the numbers have gaps")
            }
            if self.stage.server.apps[app]?.pending.isEmpty == false { faults.append("a command has no answer") }
        }
        return faults
    }
}
