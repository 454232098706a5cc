import HashTreeCollections
import TrailsCore
import TrailsStore
import Vocabulary

extension TrailsStoreConformance {
    package func `keeps commands in their order until they are answered`() async throws {
        let driver = try self.family()
        func control(_ number: UInt64) -> CorrelationID { CorrelationID(high: 7, low: number) }
        for number in UInt64(1)...2 {
            let request = ControlRequest(
                id: control(number), target: Driver.id(4), action: "pause", payload: "{}", issuedAt: driver.now)
            try driver.perform(.control(request, by: driver.principal(1)))
        }
        let cascade = CascadeID(high: 8, low: 8)
        try driver.perform(
            .cancel(
                CancelRequest(id: cascade, target: Driver.id(4), isDeep: true, reason: "r"), by: driver.principal(1)))
        try driver.restart()
        let held = try driver.store.state(of: Driver.id(4))
        try expect(held?.controls.map(\.action), is: ["cancel", "pause", "pause"], "the order")
        try expect(held?.controls.dropFirst().map(\.id), is: [control(1), control(2)], "the commands")
        try expect(held?.cascades, is: [cascade], "the cancels")

        try expect(try driver.store.isAnswered(control(1), by: Driver.id(4)) == false, "1 waits")
        let answer = ControlAnswer(
            id: control(1), app: Driver.id(4), outcome: .done, result: #"{"ok":1}"#, at: driver.now)
        try driver.perform(.acknowledge(answer, session: nil, signer: Driver.key(4), wasAnswered: false))
        try expect(try driver.store.isAnswered(control(1), by: Driver.id(4)), "1 is answered")
        try expect(try driver.store.isAnswered(control(1), by: Driver.id(5)) == false, "not by another")
        try expect(try driver.store.isAnswered(control(9), by: Driver.id(4)) == false, "9 is not known")
        let late = ControlAnswer(id: control(1), app: Driver.id(4), outcome: .failed, at: driver.now)
        try driver.perform(.acknowledge(late, session: nil, signer: Driver.key(4), wasAnswered: true))
        let views = try await driver.store.reader.controls(origin: control(1))
        try expect(views.map(\.answer), is: [answer], "the first answer counts")
        try expect(try await driver.store.reader.controls(origin: control(2)).map(\.answer), is: [nil], "2 waits")

        try driver.perform(.disconnect(Driver.id(4), session: nil, signer: Driver.key(4), .cancelled))
        try expect(try driver.store.state(of: Driver.id(4))?.controls.map(\.id), is: [control(2)], "what still waits")
        driver.store.close()
    }

    package func `hands over the commands that wait for apps which a start does not load`() async throws {
        let driver = try self.family()
        let request = ControlRequest(
            id: CorrelationID(high: 7, low: 1), target: Driver.id(4), action: "pause", payload: "{}",
            timeToLive: .seconds(100), issuedAt: driver.now)
        try driver.perform(.control(request, by: driver.principal(1)))
        try expect(try driver.sleeping(), is: [], "those of an app that is loaded")
        try driver.perform(.missKeepalive(Driver.id(4), session: 1))
        let waiting = driver.tree.apps[Driver.id(4)]?.controls
        try expect(waiting?.map(\.id), is: [request.id], "what waits for the app that has crashed")
        try expect(try driver.sleeping(), is: waiting, "those of an app that is not")
        driver.store.close()
    }

    package func `knows the keys that were revoked, also when others came after them`() async throws {
        let driver = try self.family()
        let root = driver.principal(1)
        try expect(try driver.store.wasRevoked(Driver.key(4), of: Driver.id(4)) == false, "not yet")
        try driver.perform(.revoke(Driver.id(4), reason: "lost", by: root))
        try driver.perform(.rekey(Driver.id(4), key: Driver.key(44), by: root))
        try driver.perform(.rekey(Driver.id(4), key: Driver.key(45), by: root))
        try driver.restart()
        try expect(try driver.store.wasRevoked(Driver.key(4), of: Driver.id(4)), "the one that was revoked")
        for key in [Driver.key(44), Driver.key(45)] {
            try expect(
                try driver.store.wasRevoked(key, of: Driver.id(4)) == false, "one that was replaced, or is in use")
        }
        try expect(try driver.store.wasRevoked(Driver.key(4), of: Driver.id(5)) == false, "not as that of another app")
        driver.store.close()
    }

    package func `knows a command by the identifier it was given under, answered or not`() async throws {
        let driver = try self.family()
        let subtree = ControlRequest(
            id: CorrelationID(high: 7, low: 1), target: Driver.id(2), action: "pause", payload: "{}", scope: .subtree,
            only: [Driver.id(4), Driver.id(5)], issuedAt: driver.now)
        try expect(try driver.store.recipient(ofCommand: subtree.id) == nil, "it is not known yet")
        let copies = try driver.perform(.control(subtree, by: driver.principal(1))).compactMap { event in
            if case .queued(let control) = event { control } else { nil }
        }
        try expect(copies.map(\.app), is: [Driver.id(4), Driver.id(5)], "whom it reached")
        for copy in copies {
            let held = try driver.store.recipient(ofCommand: subtree.id)
            try expect(copies.contains { $0.app == held }, "it is known, and whom it went to")
            try expect(try driver.store.recipient(ofCommand: copy.id) == nil, "not by the name of a copy")
            let answer = ControlAnswer(id: copy.id, app: copy.app, outcome: .done, at: driver.now)
            let number: UInt64 = copy.app == Driver.id(4) ? 4 : 5
            try driver.perform(
                .acknowledge(answer, session: nil, signer: Driver.key(number), wasAnswered: false))
        }
        try driver.restart()
        try expect(try driver.store.recipient(ofCommand: subtree.id) != nil, "it is known when all have answered")

        let cascade = CascadeID(high: 8, low: 8)
        try driver.perform(
            .cancel(
                CancelRequest(id: cascade, target: Driver.id(4), isDeep: true, reason: "r"), by: driver.principal(1)))
        let step = CorrelationID(high: 8, low: 8)
        try expect(try driver.store.recipient(ofCommand: step) == nil, "a step of a cancel is no command")
        driver.store.close()
    }

    package func `goes on with a cancel after a restart`() async throws {
        let driver = try self.family()
        let id = CascadeID(high: 8, low: 8)
        try driver.perform(
            .cancel(CancelRequest(id: id, target: Driver.id(2), isDeep: true, reason: "r"), by: driver.principal(1)))
        let before = driver.tree.cascades[id]
        try expect(before?.waiting, is: [Driver.id(4), Driver.id(5)], "the deepest level")
        try expect(try driver.store.cascade(id), is: before, "the cancel as stored")
        try driver.restart()
        try expect(driver.tree.cascades[id]?.waiting, is: before?.waiting, "who is waited for after a restart")
        try expect(try driver.store.cascade(id), is: driver.tree.cascades[id], "the cancel after a restart")

        try driver.perform(.disconnect(Driver.id(4), session: nil, signer: Driver.key(4), .cancelled))
        let view = try await driver.store.reader.cascade(id)
        try expect(
            view?.members,
            is: [Driver.id(2): .reconnecting, Driver.id(4): .cancelled, Driver.id(5): .reconnecting], "the members")
        try driver.restart()
        try expect(driver.tree.cascades[id]?.waiting, is: [Driver.id(5)], "who is still waited for")
        driver.now = driver.now + .seconds(1_000)
        try driver.perform(.wake(.cascade(id)))
        driver.now = driver.now + .seconds(1_000)
        try driver.perform(.wake(.cascade(id)))
        try expect(driver.tree.cascades.isEmpty, "it is through")
        var loaded = ProcessTree()
        _ = try driver.store.load(into: &loaded)
        try expect(loaded.cascades.isEmpty, "none is at work")
        try expect(try driver.store.cascade(id)?.finishedAt, is: driver.now, "when it was finished")
        try expect(try await driver.store.reader.check(limits: TreeLimits()).violations, is: [], "violations")
        driver.store.close()
    }

    package func `knows the finished cancel that an app has missed`() async throws {
        let driver = try self.family()
        let registered = driver.now
        func cancel(_ number: UInt64, _ id: UInt64, isDeep: Bool) throws {
            driver.now = driver.now + .seconds(1)
            let request = CancelRequest(
                id: CascadeID(high: 8, low: id), target: Driver.id(number), isDeep: isDeep, reason: "r",
                payload: #"{"why":"x"}"#)
            try driver.perform(.cancel(request, by: driver.principal(1)))
        }
        func missed(_ number: UInt64, since moment: Timestamp = registered) throws -> CascadeID? {
            try driver.store.pastCancel(over: Driver.id(number), since: moment)?.id
        }
        try driver.perform(.missKeepalive(Driver.id(4), session: 1))
        driver.forget(Driver.id(4))
        try cancel(2, 1, isDeep: false)
        try driver.perform(.disconnect(Driver.id(2), session: nil, signer: Driver.key(2), .cancelled))
        try expect(driver.tree.cascades.isEmpty, "it is through")
        try expect(try missed(4) == nil, "a cancel of its parent alone")
        try cancel(1, 2, isDeep: true)
        try expect(try missed(4) == nil, "one that is not through")
        for _ in 0..<3 {
            driver.now = driver.now + .seconds(1_000)
            try driver.perform(.wake(.cascade(CascadeID(high: 8, low: 2))))
        }
        try expect(driver.tree.cascades.isEmpty, "it is through as well")
        let id = CascadeID(high: 8, low: 2)
        try expect(try missed(4), is: id, "one of all that is below the root")
        try expect(try missed(1) == nil, "not for who is at the top of it")
        try expect(try missed(4, since: driver.now) == nil, "not for who came later")

        try driver.load(Driver.id(4))
        try driver.perform(.reregister(Driver.id(4), key: Driver.key(4), isProven: true))
        let state = try driver.store.state(of: Driver.id(4))
        try expect(state?.cascades, is: [id], "it is fenced")
        try expect(state?.controls.map(\.payload), is: [#"{"why":"x"}"#], "and told in the words of the cancel")
        driver.store.close()
    }

    /// A life in which everything happens that can be recorded comes back as it went in.
    package func `carries every kind of event`() async throws {
        let driver = try self.family()
        var events = try self.liveThrough(driver)
        let kinds = Set(events.map(Self.kind))
        try expect(kinds.count, is: 18, "the number of kinds, of \(kinds.sorted()),")

        let reader = driver.store.reader
        let lost = try await reader.history(under: Driver.id(7), scope: .subtree, after: EventID(0), limit: 100)
        let found = try await reader.history(under: Driver.id(1), scope: .subtree, after: EventID(5), limit: 1_000)
        events.removeAll { Self.kind($0) == "started" }  // of no app
        try expect((lost + found).sorted { $0.id < $1.id }.map(\.event), is: events, "the events")
        try expect(try await reader.check(limits: TreeLimits()).violations, is: [], "violations")
        driver.store.close()
    }

    private static func kind(_ event: ProcessTree.Event) -> String {
        Mirror(reflecting: event).children.first?.label ?? "\(event)"
    }

    private func liveThrough(_ driver: Driver) throws -> [ProcessTree.Event] {
        let root = driver.principal(1)
        var events: [ProcessTree.Event] = []
        func perform(_ command: ProcessTree.Command) throws { events += try driver.perform(command) }

        try perform(.declare(Driver.facts(6, under: 5, tags: "{}"), startDeadline: .seconds(9), by: root))
        let stray = Driver.facts(8, under: 7, level: .open)
        try perform(.register(Registration(facts: stray, key: nil, isProven: false, process: "{}")))
        try perform(.dropConnection(Driver.id(5), session: 1))
        try perform(.reregister(Driver.id(5), key: Driver.key(5), isProven: true))
        try perform(.disconnect(Driver.id(5), session: 2, signer: Driver.key(5), .detached))
        driver.now = driver.now + .seconds(12 * 3_600)
        try perform(.renew(Driver.id(5), key: Driver.key(5)))
        let rival = Registration(
            facts: Driver.facts(4, under: 2), key: Driver.key(44), isProven: true,
            enrolment: Registration.Enrolment(declaredBy: nil, enrolmentKey: Driver.key(4, 100)))
        try perform(.register(rival))
        let command = ControlRequest(
            id: CorrelationID(high: 1, low: 1), target: Driver.id(4), action: "a", payload: #""ü""#,
            issuedAt: driver.now, issuer: "{}")
        try perform(.control(command, by: root))
        let answer = ControlAnswer(
            id: command.id, app: Driver.id(4), outcome: .unknownAction, error: "e", at: driver.now)
        try perform(.acknowledge(answer, session: 1, signer: Driver.key(4), wasAnswered: false))
        try perform(
            .report(
                IncomingReport(
                    app: Driver.id(4), session: 1, signer: Driver.key(4), kind: .status, seq: nil,
                    messageID: MessageID(high: 1, low: 1), timestamp: driver.now, correlation: "c", payload: "1.5")))
        try perform(.revoke(Driver.id(3), reason: "lost", by: root))
        try perform(.rekey(Driver.id(3), key: Driver.key(33), by: root))

        // 4 is gone and forgotten when the cancel comes, and is back in the middle of it.
        try perform(.missKeepalive(Driver.id(4), session: 1))
        driver.forget(Driver.id(4))
        let cancel = CancelRequest(id: CascadeID(high: 1, low: 1), target: Driver.id(2), isDeep: true, reason: "r")
        try perform(.cancel(cancel, by: root))
        try driver.load(Driver.id(4))
        try perform(.reregister(Driver.id(4), key: Driver.key(4), isProven: true))
        try perform(.start(instance: "i"))
        driver.now = driver.now + .seconds(1_000)
        try perform(.wake(.cascade(cancel.id)))
        return events
    }
}
