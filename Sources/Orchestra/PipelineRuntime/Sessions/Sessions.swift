import PipelineCore
import PipelineTurns
package import TurnModel
import Vocabulary

/// The sessions of a store: to find, to list, to ask something of; and to begin, resume and replay.
package struct Sessions: Sendable {
    package let store: any TurnStore
    package let kit: RunKit

    package init(store: any TurnStore, kit: RunKit) {
        self.store = store
        self.kit = kit
    }
}

extension Sessions {
    /// The characters of a display id that one has to type at least.
    package static let prefixMin = 4

    /// Those that were made last, newest first; what it costs does not depend on how long they are.
    package func list(
        _ query: SessionQuery = SessionQuery()
    ) async throws(SessionRefusal) -> [SessionSummary] {
        let rows = try await asking { () async throws(TurnStoreError) in try await self.store.sessions(query) }
        return rows.compactMap(self.summary)
    }

    package func summary(of row: SessionRow) throws(SessionRefusal) -> SessionSummary {
        guard let summary = self.summary(row) else { throw .notASession(row.context.id) }
        return summary
    }

    private func summary(_ row: SessionRow) -> SessionSummary? {
        SessionSummary(row, at: self.kit.world.now(), isDead: self.kit.world.isDead)
    }

    /// The session that `text` means: an exact display id, else a context id, else the beginning of a display id. The
    /// branches of a session are meant only by their whole name.
    package func find(_ text: String) async throws(SessionRefusal) -> SessionRow {
        let found = try await asking { () async throws(TurnStoreError) in
            try await self.store.sessions(withPrefix: text, limit: 20)
        }
        if let exact = found.first(where: { $0.displayID.description == text }) { return exact }
        if let context = ContextID(text), let row = try await self.session(of: context) { return row }
        let candidates = found.filter { $0.branchOf == nil }
        guard text.utf8.count >= Self.prefixMin, !candidates.isEmpty else { throw .notFound(text) }
        guard candidates.count == 1 else { throw .ambiguous(text, candidates.map(\.displayID)) }
        return candidates[0]
    }

    /// `nil` when there is no such context: digits may also be the beginning of a display id.
    private func session(of context: ContextID) async throws(SessionRefusal) -> SessionRow? {
        do throws(TurnStoreError) {
            if let row = try await self.store.session(of: context) { return row }
            _ = try await self.store.context(context)
        } catch {
            if case .refused(.unknownContext) = error { return nil }
            throw .store(error)
        }
        throw .notASession(context)
    }
}

extension Sessions {
    /// Asks something of whoever runs the session. It is heard within `limits.poll`.
    ///
    /// A session that nobody runs can be cancelled, which happens at once, and given an answer or a verdict, which it
    /// finds when it is resumed. Answers with the request, or `nil` when there is nobody to wait for.
    @discardableResult
    package func ask(
        _ request: SessionRequest, of row: SessionRow, key given: IdempotencyKey? = nil
    ) async throws(SessionRefusal) -> OwnerRequest? {
        if let parent = row.branchOf { throw .branch(row.displayID, of: parent) }
        let status = try self.summary(of: row).status
        guard !status.isFinal else { throw .ended(row.displayID, status) }
        if !status.isLive {
            switch request {
            case .cancel(let reason):
                try await self.cancel(row, reason: reason)
                return nil
            case .pause, .abort: throw .notRunning(row.displayID, status)
            case .answer, .resolve, .steer: break
            }
        }
        let key = given ?? IdempotencyKey("\(request.word)/\(self.token())")
        let new = NewRequest(
            context: row.context.id, kind: request.word, body: request.body, key: key ?? Self.noKey)
        return try await asking { () async throws(TurnStoreError) in try await self.store.post(new) }
    }

    /// What the owner said to a request: `nil` as long as it has not, empty when all is well.
    package func answer(to request: OwnerRequest) async throws(SessionRefusal) -> String? {
        var query = RequestQuery(context: request.context, onlyOpen: false, limit: 1)
        query.after = request.id.number > 1 ? RequestID(request.id.number - 1) : nil
        let asked = query
        let found = try await asking { () async throws(TurnStoreError) in try await self.store.requests(asked) }
        guard let current = found.first, current.id == request.id, current.settledAt != nil else { return nil }
        return String(decoding: current.answer ?? [], as: UTF8.self)
    }

    private static let noKey = IdempotencyKey([0])!

    /// Nobody runs it, so this is its last turn, unless somebody has begun to in this moment.
    private func cancel(_ row: SessionRow, reason: String) async throws(SessionRefusal) {
        var lifecycle = PipelineLifecycle(pipeline: row.name, status: .cancelled)
        lifecycle.reason = reason
        var group = AppendGroup(to: row.context.id, [lifecycle.newTurn])
        group.expectedHead = row.context.head.map { .turn($0) } ?? .empty
        group.lease = .acquire(self.kit.owner.claim(token: self.token(), for: .milliseconds(1), over: row.lease))
        let asked = group
        do throws(TurnStoreError) {
            _ = try await self.store.append(asked)
        } catch {
            switch error {
            case .refused(.headMoved), .refused(.leaseHeld): throw .movedOn(row.displayID)
            default: throw .store(error)
            }
        }
    }

    /// Known to nobody else.
    func token() -> String {
        Hex.encode([self.kit.world.random(), self.kit.world.random()].flatMap(\.bytes))
    }

    /// Six hex digits, a letter among them, that no session has.
    func displayID() async throws(SessionRefusal) -> DisplayID {
        while true {
            let text = Hex.encode(Array(self.kit.world.random().bytes.prefix(3)))
            guard let id = DisplayID(text) else { continue }
            let taken = try await asking { () async throws(TurnStoreError) in
                try await self.store.sessions(withPrefix: text, limit: 1)
            }
            if taken.isEmpty { return id }
        }
    }
}

extension UInt64 {
    fileprivate var bytes: [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: self >> (8 * $0)) } }
}
