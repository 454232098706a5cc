import AgentCore
import Vocabulary

/// What is live in a host. Nothing of it outlives the process.
struct Floor {
    enum Phase: Comparable {
        case open
        /// No new turns.
        case stopping
        /// Nothing is recorded any more.
        case closed
        /// The logs are closed.
        case over
    }

    var phase = Phase.open
    var pools: [String: SlotTable] = [:]
    /// Which pool a session was last in.
    var poolNames: [SessionID: String] = [:]
    var live: [SessionID: any ProviderSession] = [:]
    /// Who waits for a slot.
    var seats: [SessionID: CheckedContinuation<Seat, Never>] = [:]
    /// Sessions that belong to nobody.
    var strays: [SessionID: StraySession] = [:]
    /// Logs that take no events until they are mended.
    var damaged: Set<LogName> = []
    /// Agents whose turn is under way, from the wish for a slot until its end is recorded.
    var active: Set<AgentID> = []
    /// Those of them that had another reason to be woken meanwhile.
    var missed: Set<AgentID> = []
    /// Those that go on after a restart even if nothing waits for them.
    var resumes: Set<AgentID> = []
    /// Those whose provider has not answered for them yet.
    var forming: Set<AgentID> = []
    /// How many promised children are on their way.
    var births = 0
    var wakes: WakeQueue
    var reminders: [ReminderID: DueReminder] = [:]
    var tokens: [AgentID: String] = [:]
    /// For when the next alarm is set.
    var alarm: Timestamp?
    /// Who waits for the end of an agent's turn.
    var endings: [AgentID: [CheckedContinuation<Void, Never>]] = [:]
    /// Who waits until the phase is `over`.
    var stoppers: [CheckedContinuation<Void, Never>] = []
    /// Who waits until nothing is under way and nothing is about to be.
    var idlers: [CheckedContinuation<Void, Never>] = []
    /// Who waits until no turn is under way.
    var quiet: CheckedContinuation<Void, Never>?

    init(brake: WakeQueue.Brake) {
        self.wakes = WakeQueue(brake: brake)
    }
}

/// When which agent is to be reminded.
struct DueReminder {
    let agent: AgentID
    let due: Timestamp
}

/// What a turn gets that asked for a slot.
enum Seat: Sendable {
    case live(any ProviderSession)
    /// The provider could not make its session live.
    case failed(ProviderFailure)
    /// No slot came free in time.
    case gaveUp
    /// The session asked before and was not answered yet, or too many wait.
    case refused(String)
    /// The host is stopping, or the agent has ended.
    case closed
}

extension Floor {
    mutating func pool(_ provider: String, _ options: HostOptions) -> SlotTable {
        self.pools[provider]
            ?? SlotTable(slotsMax: max(1, options.slotCount(of: provider)), patience: options.slotPatience)
    }

    var isIdle: Bool { self.active.isEmpty && self.births == 0 && self.wakes.isEmpty }

    /// When something is to be looked at that nobody will tell of.
    var nextMoment: Timestamp? {
        let moments =
            [self.wakes.nextMoment] + self.pools.values.map(\.nextExpiry)
            + [self.reminders.values.map(\.due).min()]
        return moments.compactMap { $0 }.min()
    }
}
