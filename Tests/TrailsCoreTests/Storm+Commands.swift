import HashTreeCollections
import TestKit
import TrailsCore
import Vocabulary

extension Storm {
    mutating func command() -> Command {
        let number = Int.random(in: 1...12, using: &self.dice)
        let id = app(number)
        self.wakeUp(id)
        let state = self.world.tree.apps[id]
        let session = self.dice.chance(0.9) ? state?.sessionEpoch ?? 1 : 1
        switch Int.random(in: 0..<34, using: &self.dice) {
        case 0..<6: return .register(self.registration(number))
        case 6..<9: return self.declaration(number)
        case 9..<12: return .reregister(id, key: self.key(of: state, number), isProven: self.dice.chance(0.95))
        case 12..<18: return .report(self.report(number, session: session))
        case 18: return .disconnect(id, session: session, signer: self.key(of: state, number), self.reason())
        case 19..<22: return .dropConnection(id, session: session)
        case 22: return .missKeepalive(id, session: session)
        case 23: return .renew(id, key: self.key(of: state, number) ?? TrailsCoreTests.key(number))
        case 24, 25: return .control(self.control(number), by: self.principal())
        case 26, 27: return self.answer(of: state, session: session)
        case 28: return self.cancel(number)
        case 29: return .withdraw(id, by: self.principal())
        case 30 where self.dice.chance(0.4): return .revoke(id, reason: "lost", by: self.principal())
        case 31 where self.dice.chance(0.7): return .rekey(id, key: self.strangeKey(), by: self.principal())
        default: return .wake(self.alarm(number))
        }
    }

    private mutating func strangeKey() -> PublicKey {
        TrailsCoreTests.key(Int.random(in: 200...203, using: &self.dice))
    }

    /// Mostly the right one.
    private mutating func key(of state: AppState?, _ number: Int) -> PublicKey? {
        switch Int.random(in: 0..<20, using: &self.dice) {
        case 0: self.strangeKey()
        case 1: nil
        case 2, 3: state?.claimedKey ?? TrailsCoreTests.key(number)
        default: state?.key ?? TrailsCoreTests.key(number)
        }
    }

    private mutating func principal() -> Principal {
        if self.dice.chance(0.2) { return .administrator }
        let number =
            self.dice.chance(0.5) ? Int.random(in: 1...3, using: &self.dice) : .random(in: 1...13, using: &self.dice)
        self.wakeUp(app(number))
        let key = self.key(of: self.world.tree.apps[app(number)], number) ?? self.strangeKey()
        if self.dice.chance(0.1) { return .recovery(app(number), key: recoveryKey(number)) }
        return .app(app(number), key: key)
    }

    private mutating func registration(_ number: Int) -> Registration {
        let parent = self.parents[number]
        if let parent { self.wakeUp(app(parent)) }
        let state = self.world.tree.apps[app(number)]
        var wished = wish(number, under: parent, level: self.levels[number], permanent: number == 1)
        wished.key = self.dice.chance(0.7) ? self.key(of: state, number) : self.strangeKey()
        wished.isProven = self.dice.chance(0.95)
        wished.presence = self.dice.chance(0.7) ? .attached : .detached
        wished.process = self.dice.chance(0.5) ? "{}" : nil
        if self.dice.chance(0.2) {
            wished.enrolment = nil
        } else if let parent, self.dice.chance(0.8) {
            wished.enrolment?.declaredBy = self.world.tree.apps[app(parent)]?.key
        }
        return wished
    }

    private mutating func declaration(_ number: Int) -> Command {
        let parent = self.parents[number] ?? Int.random(in: 1...12, using: &self.dice)
        self.wakeUp(app(parent))
        let key = self.world.tree.apps[app(parent)]?.key ?? TrailsCoreTests.key(parent)
        let principal = self.dice.chance(0.8) ? Principal.app(app(parent), key: key) : self.principal()
        let declared = facts(number, under: parent, level: self.levels[number])
        return .declare(declared, startDeadline: .seconds(300), by: principal)
    }

    private mutating func report(_ number: Int, session: Int) -> IncomingReport {
        let id = app(number)
        self.loadNumbers(of: id)
        let state = self.world.tree.apps[id]
        let isREST = state?.presence != .attached || self.dice.chance(0.1)
        var report = IncomingReport(
            app: id, session: isREST ? nil : session, signer: self.key(of: state, number),
            kind: self.dice.pick([.status, .status, .status, .result, .error]), seq: nil, timestamp: self.world.now,
            correlation: nil, payload: self.dice.pick(["1", "2"]), isTombstone: self.dice.chance(0.05))
        if !isREST || self.dice.chance(0.3) {
            report.seq =
                self.dice.chance(0.7) ? (state?.sequence?.highest ?? 0) + 1 : .random(in: -1...6, using: &self.dice)
        }
        if let seq = report.seq {
            report.stored = self.reports[ReportKey(app: id, incarnation: state?.incarnation ?? 0, seq: seq)]
        }
        if isREST, self.dice.chance(0.5) {
            report.registration = self.registration(number)
            report.signer = report.registration?.key
        }
        return report
    }

    private mutating func reason() -> DisconnectReason {
        self.dice.pick([.completed, .cancelled, .detached, .other("bye")])
    }

    private mutating func control(_ number: Int) -> ControlRequest {
        ControlRequest(
            id: TrailsCoreTests.command(Int.random(in: 1...200, using: &self.dice)), target: app(number),
            action: "pause", payload: "{}", scope: self.dice.pick([.node, .subtree]),
            only: self.dice.chance(0.3) ? [app(3), app(4), app(5)] : nil, issuedAt: self.world.now)
    }

    private mutating func answer(of state: AppState?, session: Int) -> Command {
        let controls = state?.controls.map(\.id) ?? []
        let isKnown = !controls.isEmpty && self.dice.chance(0.9)
        let control =
            isKnown ? self.dice.pick(controls) : TrailsCoreTests.command(Int.random(in: 1...200, using: &self.dice))
        let answer = ControlAnswer(
            id: control, app: state?.id ?? app(1), outcome: self.dice.pick([.done, .done, .done, .failed]),
            at: self.world.now)
        return .acknowledge(
            answer, session: session, signer: self.key(of: state, 1), wasAnswered: self.answered.contains(control))
    }

    private mutating func cancel(_ number: Int) -> Command {
        // A shell answers a finished cancel from the store.
        let id = (1...1_000).map(cascade).first {
            !self.finished.contains($0) && (self.world.tree.cascades[$0] == nil || self.dice.chance(0.1))
        }!
        let target = self.dice.chance(0.3) ? Int.random(in: 1...3, using: &self.dice) : number
        self.wakeUp(app(target))
        let request = CancelRequest(
            id: id, target: app(target), isDeep: self.dice.chance(0.8), reason: "enough",
            grace: self.dice.pick([nil, .seconds(1), .seconds(500)]))
        return .cancel(request, by: self.principal())
    }

    private mutating func alarm(_ number: Int) -> Alarm {
        let cascades = self.world.tree.cascades.keys.sorted { $0.low < $1.low }
        let controls = self.world.tree.apps[app(number)]?.controls.map(\.id) ?? []
        switch Int.random(in: 0..<4, using: &self.dice) {
        case 0 where !cascades.isEmpty: return .cascade(self.dice.pick(cascades))
        case 1 where !controls.isEmpty: return .control(app(number), self.dice.pick(controls))
        default: return .app(app(number))
        }
    }
}
