import HashTreeCollections
import TrailsCore
package import TrailsStore
import Vocabulary

/// Lives a random life of a tree against a store: everything that can be asked, in any order, with restarts.
package struct TreeWalk<Store: TrailsStore> {
    typealias Driver = TreeDriver<Store>

    private var dice: SplitMix64
    private let driver: Driver
    private var count: UInt64 = 1
    private var turn: UInt64 = 0
    private var keys: [UInt64: UInt8] = [:]

    /// How many commands were carried out, and how many refused.
    package private(set) var carriedOut = 0
    package private(set) var refused = 0

    package init(seed: UInt64, open: @escaping () throws -> Store) throws {
        self.dice = SplitMix64(seed: seed)
        self.driver = try Driver(open: open)
        try self.driver.register(1, under: nil)
    }
}

extension TreeWalk {
    /// Takes `steps` steps. After each, the store must say of every app what the tree says.
    package mutating func run(steps: Int) async throws {
        for _ in 0..<steps {
            self.driver.now = self.driver.now + .milliseconds(Int64.random(in: 0...20_000, using: &self.dice))
            if self.dice.chance(0.03) {
                try self.restart()
            } else {
                try self.step()
            }
        }
        try self.compare()
        let report = try await self.driver.store.reader.check(limits: TreeLimits())
        try expect(report.violations, is: [], "the list of violations")
        try expect(report.apps >= Int(self.count), "\(report.apps) apps are all \(self.count)")
        self.driver.store.close()
    }

    /// What a start loads is what was there, as the start changed it.
    private func restart() throws {
        var before = self.driver.tree
        try self.driver.restart()
        let limits = before.limits
        before.apply(
            .started(instance: "driver", at: self.driver.now, until: self.driver.now + limits.restartWindow))
        for (id, state) in before.apps where state.status.isLive {
            try expect(self.driver.tree.apps[id]?.durable, is: state.durable, "app \(id.short) after a restart")
        }
        for (id, state) in self.driver.tree.apps {
            guard let held = before.apps[id] else { continue }
            try expect(state.durable, is: held.durable, "app \(id.short) after a restart")
        }
        try expect(self.driver.tree.cascades, is: before.cascades, "the cancels after a restart")
    }

    private func compare() throws {
        for (id, state) in self.driver.tree.apps {
            try expect(try self.driver.store.state(of: id), is: state.durable, "app \(id.short)")
        }
        for (id, state) in self.driver.tree.cascades {
            try expect(try self.driver.store.cascade(id), is: state, "cancel \(id)")
        }
    }

    private mutating func step() throws {
        self.turn += 1
        do {
            try self.act()
            self.carriedOut += 1
        } catch is ProcessTree.Refusal {
            self.refused += 1
        }
        if self.turn.isMultiple(of: 16) { try self.compare() }
    }

    private mutating func act() throws {
        let number = UInt64.random(in: 1...self.count, using: &self.dice)
        let app = Driver.id(number)
        try self.driver.load(app)
        switch Int.random(in: 0..<20, using: &self.dice) {
        case 0...2: try self.declare(under: number)
        case 3...5: try self.register(number)
        case 6...9: try self.report(number)
        case 10: try self.driver.perform(.reregister(app, key: self.key(number), isProven: true))
        case 11, 12: try self.disconnect(number)
        case 13: try self.command(number)
        case 14, 15: try self.answer(number)
        case 16 where self.dice.chance(0.7): try self.cancel(number)
        case 17: try self.changeKey(number)
        case 18: try self.driver.perform(.renew(app, key: self.key(number)))
        default: try self.wake(number)
        }
    }
}

// MARK: - What can be asked

extension TreeWalk {
    private func key(_ number: UInt64) -> PublicKey { Driver.key(number, self.keys[number] ?? 1) }

    private func principal(_ number: UInt64) -> Principal { .app(Driver.id(number), key: self.key(number)) }

    /// An app above `number`, or the administrator.
    private mutating func superior(of number: UInt64) -> Principal {
        let above = self.driver.tree.ancestors(of: Driver.id(number)).map { $0.low & 0xFFFF_FFFF }
        guard !above.isEmpty, self.dice.chance(0.9) else { return .administrator }
        return self.principal(self.dice.pick(above))
    }

    private mutating func declare(under parent: UInt64) throws {
        let facts = Driver.facts(self.count + 1, under: parent, at: self.driver.now)
        try self.driver.perform(.declare(facts, startDeadline: .seconds(60), by: self.principal(parent)))
        self.count += 1
    }

    private mutating func register(_ number: UInt64) throws {
        let app = Driver.id(number)
        guard let facts = self.driver.tree.apps[app]?.facts else { return }
        var wish = Registration(facts: facts, key: self.key(number), isProven: true)
        wish.enrolment = facts.enrolmentKey.map { .init(declaredBy: nil, enrolmentKey: $0) }
        if number != 1, self.dice.chance(0.3) { (wish.presence, wish.lease) = (.detached, .seconds(120)) }
        wish.process = "{\"pid\":\(self.turn)}"
        try self.driver.loadNumbers(of: app)
        try self.driver.perform(.register(wish))
    }

    private mutating func report(_ number: UInt64) throws {
        let app = Driver.id(number)
        try self.driver.loadNumbers(of: app)
        let highest = self.driver.tree.apps[app]?.sequence?.highest ?? 0
        let seq = self.dice.chance(0.8) ? highest + 1 : Int64.random(in: 1...highest + 4, using: &self.dice)
        let kind: MessageKind = self.dice.chance(0.8) ? .status : self.dice.pick([.result, .error])
        let message: MessageID? = self.dice.chance(0.2) ? MessageID.random(using: &self.dice) : nil
        try self.driver.report(
            IncomingReport(
                app: app, session: nil, signer: self.key(number), kind: kind, seq: message == nil ? seq : nil,
                messageID: message, timestamp: self.driver.now, correlation: nil, payload: "{\"turn\":\(self.turn)}",
                isTombstone: self.dice.chance(0.05)))
    }

    private mutating func disconnect(_ number: UInt64) throws {
        let app = Driver.id(number)
        let session = self.driver.tree.apps[app]?.sessionEpoch ?? 0
        switch Int.random(in: 0..<6, using: &self.dice) {
        case 0...2: try self.driver.perform(.dropConnection(app, session: session))
        case 3: try self.driver.perform(.missKeepalive(app, session: session))
        default:
            let reason: DisconnectReason = self.dice.pick([.completed, .cancelled, .detached, .other("x")])
            try self.driver.perform(.disconnect(app, session: session, signer: self.key(number), reason))
        }
    }

    private mutating func command(_ number: UInt64) throws {
        let request = ControlRequest(
            id: CorrelationID(high: self.turn << 40, low: 1), target: Driver.id(number), action: "act", payload: "{}",
            scope: self.dice.pick(Control.Scope.allCases), timeToLive: .seconds(100), issuedAt: self.driver.now)
        try self.driver.perform(.control(request, by: self.superior(of: number)))
    }

    private mutating func answer(_ number: UInt64) throws {
        guard let control = self.driver.tree.apps[Driver.id(number)]?.controls.randomElement(using: &self.dice) else {
            return
        }
        let answer = ControlAnswer(
            id: control.id, app: control.app, outcome: self.dice.pick([.done, .failed]), result: "1",
            at: self.driver.now)
        try self.driver.perform(.acknowledge(answer, session: nil, signer: self.key(number), wasAnswered: false))
        if self.dice.chance(0.3) {
            let isAnswered = try self.driver.store.isAnswered(control.id, by: control.app)
            try expect(isAnswered, "command \(control.id) is answered")
            try self.driver.perform(
                .acknowledge(answer, session: nil, signer: self.key(number), wasAnswered: isAnswered))
        }
    }

    private mutating func cancel(_ number: UInt64) throws {
        guard number != 1 else { return }
        let request = CancelRequest(
            id: CascadeID.random(using: &self.dice), target: Driver.id(number), isDeep: self.dice.chance(0.8),
            reason: "turn \(self.turn)", grace: .seconds(15))
        try self.driver.perform(.cancel(request, by: self.superior(of: number)))
    }

    private mutating func changeKey(_ number: UInt64) throws {
        if self.dice.chance(0.3), number != 1 {
            try self.driver.perform(.revoke(Driver.id(number), reason: "r", by: self.superior(of: number)))
        } else {
            let turn = (self.keys[number] ?? 1) % 99 + 1
            try self.driver.perform(
                .rekey(Driver.id(number), key: Driver.key(number, turn), by: self.superior(of: number)))
            self.keys[number] = turn
        }
    }

    private mutating func wake(_ number: UInt64) throws {
        let app = Driver.id(number)
        try self.driver.perform(.wake(.app(app)))
        if let control = self.driver.tree.apps[app]?.controls.first {
            try self.driver.perform(.wake(.control(app, control.id)))
        }
        for cascade in self.driver.tree.cascades.keys.sorted() {
            try self.driver.perform(.wake(.cascade(cascade)))
        }
    }
}
