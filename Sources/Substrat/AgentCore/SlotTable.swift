package import Vocabulary

/// Which sessions of a pool have a live provider: a bounded number, the least recently used one gives way.
///
/// ```
///          ask             opened            release
/// (empty) ────▶ reserved ────────▶ held ◀────────────▶ live
///                  │                        ask          │ another asks, and all slots are taken
///                  ▼ failed                              ▼
///               (empty) ◀──────────────────────────── evicting
///                              evicted
/// ```
///
/// Nothing of it outlives the process. Who asks is served in the order of asking, or told that it waits; a session
/// that is being evicted is waited for, and never used. Each call says what is to be done now.
package struct SlotTable: Hashable, Sendable {
    package let slotsMax: Int
    package let waitersMax: Int
    package let patience: Duration
    package private(set) var slots: [SessionID: Slot] = [:]
    /// Live slots, the least recently used first.
    private var idle: [SessionID] = []
    package private(set) var waiting: [Waiter] = []

    package enum Slot: String, Hashable, Sendable {
        case reserved, live, held, evicting
    }

    /// Who waits for a slot, and until when.
    package struct Waiter: Hashable, Sendable {
        package let session: SessionID
        package let until: Timestamp
    }

    package init(slotsMax: Int, waitersMax: Int = 10_000, patience: Duration = .seconds(60)) {
        precondition(slotsMax > 0, "a pool of \(slotsMax) slots serves nobody")
        self.slotsMax = slotsMax
        self.waitersMax = waitersMax
        self.patience = patience
    }
}

/// What a shell does for a pool.
package enum SlotAction: Hashable, Sendable {
    /// Make or restore its provider session, then say `opened` or `failed`.
    case open(SessionID)
    /// Its turn may begin; say `release` when it has ended.
    case grant(SessionID)
    /// Suspend and stop its provider, then say `evicted` or `kept`.
    case evict(SessionID)
    /// It has waited too long.
    case giveUp(SessionID)
}

/// Why a pool does not serve.
package enum SlotRefusal: Error, Hashable, Sendable {
    /// A session has one turn at a time, and asks once for it.
    case alreadyAsked(SessionID)
    case tooManyWait(max: Int)
}

extension SlotTable {
    /// A session wants a slot for a turn.
    package mutating func ask(_ session: SessionID, at now: Timestamp) throws(SlotRefusal) -> [SlotAction] {
        let slot = self.slots[session]
        let isWaiting = self.waiting.contains { $0.session == session }
        guard slot != .held, slot != .reserved, !isWaiting else { throw .alreadyAsked(session) }
        guard self.waiting.count < self.waitersMax else { throw .tooManyWait(max: self.waitersMax) }
        self.waiting.append(Waiter(session: session, until: now + self.patience))
        return self.serve()
    }

    package func isWaiting(_ session: SessionID) -> Bool { self.waiting.contains { $0.session == session } }

    /// Its provider is there, and its turn may begin.
    package mutating func opened(_ session: SessionID) -> [SlotAction] {
        guard self.slots[session] == .reserved else { return [] }
        self.slots[session] = .held
        return [.grant(session)]
    }

    /// Its provider could not be made or restored.
    package mutating func failed(_ session: SessionID) -> [SlotAction] {
        guard self.slots[session] == .reserved else { return [] }
        self.slots[session] = nil
        return self.serve()
    }

    /// Its turn has ended. Said twice it does nothing more.
    package mutating func release(_ session: SessionID) -> [SlotAction] {
        guard self.slots[session] == .held else { return [] }
        self.slots[session] = .live
        self.idle.append(session)
        return self.serve()
    }

    package mutating func evicted(_ session: SessionID) -> [SlotAction] {
        guard self.slots[session] == .evicting else { return [] }
        self.slots[session] = nil
        return self.serve()
    }

    /// Its provider would not be suspended: it keeps its slot, as the one that was used last.
    package mutating func kept(_ session: SessionID) -> [SlotAction] {
        guard self.slots[session] == .evicting else { return [] }
        self.slots[session] = .live
        self.idle.append(session)
        return self.serve()
    }

    /// The session has ended, and its provider with it; it wants nothing any more.
    package mutating func remove(_ session: SessionID) -> [SlotAction] {
        self.slots[session] = nil
        self.idle.removeAll { $0 == session }
        self.waiting.removeAll { $0.session == session }
        return self.serve()
    }

    /// Gives up those whose patience has run out.
    package mutating func expire(at now: Timestamp) -> [SlotAction] {
        let late = self.waiting.filter { $0.until <= now }.map(\.session)
        self.waiting.removeAll { $0.until <= now }
        return late.map(SlotAction.giveUp) + self.serve()
    }

    /// When `expire` has something to do.
    package var nextExpiry: Timestamp? { self.waiting.map(\.until).min() }
}

extension SlotTable {
    /// Serves those who wait, in order, as far as there are slots, and makes room for the rest.
    private mutating func serve() -> [SlotAction] {
        var actions: [SlotAction] = []
        var coming = self.slots.values.count { $0 == .evicting }
        var rest: [Waiter] = []
        var wanted: Set<SessionID>?
        for waiter in self.waiting {
            switch self.slots[waiter.session] {
            case .live:
                self.idle.removeAll { $0 == waiter.session }
                self.slots[waiter.session] = .held
                actions.append(.grant(waiter.session))
                continue
            case nil where self.slots.count < self.slotsMax:
                self.slots[waiter.session] = .reserved
                actions.append(.open(waiter.session))
                continue
            case nil, .evicting:
                if coming > 0 {
                    coming -= 1
                } else if !self.idle.isEmpty {
                    if wanted == nil { wanted = Set(self.waiting.map(\.session)) }
                    if let victim = self.victim(but: wanted ?? []) { actions.append(.evict(victim)) }
                }
            case .held, .reserved: break
            }
            rest.append(waiter)
        }
        self.waiting = rest
        return actions
    }

    /// Takes the least recently used slot that nobody waits for.
    private mutating func victim(but wanted: Set<SessionID>) -> SessionID? {
        guard let index = self.idle.firstIndex(where: { !wanted.contains($0) }) else { return nil }
        let victim = self.idle.remove(at: index)
        self.slots[victim] = .evicting
        return victim
    }
}
