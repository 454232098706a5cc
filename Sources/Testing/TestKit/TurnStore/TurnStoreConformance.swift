package import TurnModel
import Vocabulary

/// What every engine must do. Each promise throws `UnmetExpectation` where it is not kept.
///
/// `open` opens the same store again and again; it is empty when a promise is checked. Its clock is `clock`.
package struct TurnStoreConformance<Store: TurnStore>: Sendable {
    package let clock: ManualClock
    package let open: @Sendable () throws -> Store
    package let close: @Sendable (Store) -> Void

    package init(
        clock: ManualClock, open: @escaping @Sendable () throws -> Store,
        close: @escaping @Sendable (Store) -> Void
    ) {
        self.clock = clock
        self.open = open
        self.close = close
    }

    /// A promise, by its sentence.
    package struct Promise: Sendable, CustomStringConvertible {
        package let description: String
        package let check: @Sendable (TurnStoreConformance) async throws -> Void
    }

    package static var promises: [Promise] {
        [
            Promise(description: "numbers turns, knows their depth, and keeps them", check: { try await $0.numbers() }),
            Promise(description: "takes a whole group or nothing", check: { try await $0.takesWholeGroups() }),
            Promise(description: "forks at any turn", check: { try await $0.forks() }),
            Promise(description: "branches in place under an explicit parent", check: { try await $0.branches() }),
            Promise(description: "insists on the expected head", check: { try await $0.expectsHeads() }),
            Promise(description: "answers a key as it did before", check: { try await $0.keepsKeys() }),
            Promise(description: "takes one of many that race", check: { try await $0.racesFairly() }),
            Promise(description: "keeps every payload as it came", check: { try await $0.keepsPayloads() }),
            Promise(description: "refuses what is too large", check: { try await $0.refusesLarge() }),
            Promise(description: "pages from the newest back", check: { try await $0.pages() }),
            Promise(description: "finds ancestors, and only those", check: { try await $0.findsAncestors() }),
            Promise(description: "lists contexts as they moved", check: { try await $0.listsContexts() }),
            Promise(description: "lets one own a context", check: { try await $0.leases() }),
            Promise(description: "fences who lost the lease", check: { try await $0.fences() }),
            Promise(description: "fences who lost the lease of the root", check: { try await $0.rootFences() }),
            Promise(description: "starts a session in one group", check: { try await $0.startsSessions() }),
            Promise(description: "lists and finds sessions", check: { try await $0.listsSessions() }),
            Promise(description: "keeps requests until they are settled", check: { try await $0.keepsRequests() }),
            Promise(description: "publishes bundles whole or not", check: { try await $0.publishes() }),
        ]
    }
}

extension TurnStoreConformance {
    static var note: TurnType { TurnType("demo.Note", version: 2) }

    func turn(_ text: String) -> NewTurn { NewTurn(type: Self.note, payload: Array(text.utf8)) }

    func group(_ context: ContextID, _ texts: String..., key: String? = nil) -> AppendGroup {
        var group = AppendGroup(to: context, texts.map(self.turn))
        group.key = key.flatMap { IdempotencyKey($0) }
        return group
    }

    /// The store again, as after a restart.
    func restart(_ store: Store) throws -> Store {
        self.close(store)
        return try self.open()
    }

    /// Fails unless `body` is refused just so.
    func expectRefusal(
        _ refusal: TurnRefusal, line: UInt = #line, _ body: () async throws -> Void
    ) async throws {
        do {
            try await body()
        } catch let error as TurnStoreError {
            try expect(error, is: .refused(refusal), "the refusal", line: line)
            return
        }
        throw UnmetExpectation(description: "line \(line): not refused: \(refusal)")
    }

    func texts(_ store: Store, _ context: ContextID) async throws -> [String] {
        try await store.turns(TurnQuery(context: context, limit: 1_000)).turns.reversed().map {
            String(decoding: $0.payload ?? [], as: UTF8.self)
        }
    }
}
