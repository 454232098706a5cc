import HashTreeCollections
import TrailsCore
package import TrailsStore
import Vocabulary

/// What every engine must do. Each method is one promise, and throws `UnmetExpectation` where it is not kept.
///
/// `open` opens the same store again and again; it is empty when the method is called.
package struct TrailsStoreConformance<Store: TrailsStore> {
    package let open: () throws -> Store

    package init(open: @escaping () throws -> Store) { self.open = open }

    typealias Driver = TreeDriver<Store>

    /// 1 is the root; 2 and 3 are under it; 4 and 5 under 2; all are registered.
    func family() throws -> Driver {
        let driver = try Driver(open: self.open)
        try driver.register(1, under: nil)
        try driver.register(2, under: 1)
        try driver.register(3, under: 1)
        try driver.register(4, under: 2)
        try driver.register(5, under: 2)
        return driver
    }

    func report(_ seq: Int64, of number: UInt64 = 1, message: MessageID? = nil, payload: String = "{}") -> Report {
        Report(
            app: Driver.id(number), incarnation: 1, seq: seq, kind: .status, messageID: message,
            timestamp: Timestamp(milliseconds: 5), receivedAt: Timestamp(milliseconds: 6), correlation: "c",
            payload: payload, isLate: false, isTombstone: false)
    }
}

// MARK: - Transactions

extension TrailsStoreConformance {
    package func `keeps what was committed`() async throws {
        let driver = try self.family()
        try driver.report(4, .status, seq: 1, payload: #"{"progress":0.5,"message":"half"}"#)
        try driver.report(4, .result, seq: 2, payload: #"{"rows":7}"#)
        try driver.report(5, .error, seq: 1, payload: #"{"message":"no disk"}"#)
        let before = driver.tree
        driver.store.close()

        let store = try self.open()
        for (id, state) in before.apps {
            try expect(try store.state(of: id), is: state.durable, "app \(id.short)")
        }
        let view = try await store.reader.app(Driver.id(4))
        try expect(view?.progress, is: 0.5, "progress")
        try expect(view?.note, is: "half", "note")
        try expect(view?.result, is: #"{"rows":7}"#, "result")
        try expect(view?.lastSeq, is: 2, "last number")
        try expect(try await store.reader.app(Driver.id(5))?.message, is: "no disk", "message of the error")
        try expect(try await store.reader.app(Driver.id(9)) == nil, "an unknown app is none")
        store.close()
    }

    package func `forgets what was rolled back, and never gives its numbers again`() async throws {
        let driver = try self.family()
        let bounds = try await driver.store.reader.bounds()
        try driver.store.begin()
        let lost = try driver.store.record([.reported(self.report(1))], at: driver.now)
        driver.store.rollback()
        driver.store.rollback()
        try expect(try await driver.store.reader.bounds().last, is: bounds.last, "the last number")
        try expect(try driver.store.report(of: Driver.id(1), incarnation: 1, seq: 1) == nil, "the message is gone")

        try driver.store.begin()
        let kept = try driver.store.record([.reported(self.report(1)), .reported(self.report(2))], at: driver.now)
        try driver.store.commit()
        try expect(lost < kept, "\(kept) is beyond \(lost)")
        try expect(try await driver.store.reader.bounds().last, is: kept + 1, "the last number")
        driver.store.close()

        let store = try self.open()
        try store.begin()
        let next = try store.record([.reported(self.report(3))], at: driver.now)
        try expect(kept + 1 < next, "\(next) is beyond \(kept + 1)")
        store.rollback()
        store.close()
    }

    package func `begins anew after a transaction that was left open`() async throws {
        let driver = try self.family()
        try driver.store.begin()
        _ = try driver.store.record([.reported(self.report(1))], at: driver.now)
        try driver.store.begin()
        try expect(try driver.store.report(of: Driver.id(1), incarnation: 1, seq: 1) == nil, "the message is gone")
        try driver.store.commit()
        driver.store.close()
    }

    package func `shows the writer what it recorded, and readers what was committed`() async throws {
        let driver = try self.family()
        let store = driver.store
        let message = MessageID(high: 1, low: 2)
        try store.begin()
        _ = try store.record([.reported(self.report(1, message: message, payload: #""x""#))], at: driver.now)
        try expect(try store.report(message)?.report.payload, is: #""x""#, "the writer's look-up by message id")
        try expect(try store.report(of: Driver.id(1), incarnation: 1, seq: 1)?.payload, is: #""x""#, "by number")
        try expect(try store.sequence(of: Driver.id(1), incarnation: 1), is: SequenceSet([1]), "the numbers")
        try expect(try await store.reader.messages(MessageQuery(app: Driver.id(1))).items.isEmpty, "readers see none")
        try store.commit()
        try expect(try await store.reader.messages(MessageQuery(app: Driver.id(1))).items.count, is: 1, "messages")
        store.close()
    }

    package func `stores a number and a message id once`() async throws {
        let driver = try self.family()
        let store = driver.store
        let message = MessageID(high: 1, low: 2)
        try store.begin()
        _ = try store.record([.reported(self.report(1, message: message))], at: driver.now)
        try store.commit()
        for twice in [self.report(1), self.report(2, message: message)] {
            try store.begin()
            do {
                _ = try store.record([.reported(twice)], at: driver.now)
                throw UnmetExpectation(description: "message \(twice.seq) was stored twice")
            } catch let error as StoreError {
                try expect(error.code == .conflict, "\(error) is a conflict")
            }
            store.rollback()
        }
        try store.begin()
        _ = try store.record([.reported(self.report(2))], at: driver.now)
        try store.commit()
        try expect(try store.sequence(of: Driver.id(1), incarnation: 1), is: SequenceSet([1, 2]), "the numbers")
        store.close()
    }

    package func `spends a nonce once`() async throws {
        let driver = try self.family()
        let (key, nonce) = (Driver.key(1), [UInt8](repeating: 3, count: 32))
        func spend(at moment: Timestamp = driver.now, commits: Bool = true) throws -> Bool {
            try driver.store.begin()
            let isNew = try driver.store.spend(nonce, of: key, at: moment)
            if commits { try driver.store.commit() } else { driver.store.rollback() }
            return isNew
        }
        try expect(try spend(commits: false), "it is new")
        try expect(try spend(), "what was rolled back was not spent")
        try expect(try spend() == false, "it is spent")
        try driver.restart()
        try expect(try spend() == false, "it is spent after a restart")
        try driver.store.begin()
        try expect(try driver.store.spend(nonce, of: Driver.key(2), at: driver.now), "another key has its own")
        try driver.store.forgetNonces(before: driver.now + .seconds(1))
        try driver.store.commit()
        try expect(try spend(), "it is forgotten")
        driver.store.close()
    }
}
