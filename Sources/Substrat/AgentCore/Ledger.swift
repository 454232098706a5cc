package import HashTreeCollections
package import Vocabulary

/// What one log says: the fold of its events, and of no others.
package struct Ledger: Hashable, Sendable {
    package let log: LogName
    /// How many events it is the fold of.
    package internal(set) var count = 0
    package internal(set) var birth: AgentBirth?
    package internal(set) var bornAt: Timestamp?
    package internal(set) var name = ""
    package internal(set) var session: SessionBirth?
    package internal(set) var reference: JSONValue?
    package internal(set) var isEnded = false
    /// Its damaged log was mended, and nobody has adopted it since.
    package internal(set) var isMended = false
    /// The message with its result; it ends with its turn.
    package internal(set) var completing: EnvelopeID?
    package internal(set) var metadata: [String: String] = [:]
    package internal(set) var gate = Gate.open
    /// Since when the operator keeps it from its turns; `nil` for nearly all.
    package internal(set) var suspendedAt: Timestamp?
    /// When its provider had to give way to others, if it has not come back since.
    package internal(set) var evictedAt: Timestamp?
    /// Of the operator: sessions whose folders are on their way out.
    package internal(set) var deleting: TreeSet<SessionID> = []

    package internal(set) var inbox = Inbox()
    /// Every message that ever came, so that none comes twice.
    package internal(set) var received: TreeSet<EnvelopeID> = []
    /// Every message that it sent and that was not dropped.
    package internal(set) var sent: TreeDictionary<EnvelopeID, SentNote> = [:]
    /// The last request that was shown to it, by sender.
    package internal(set) var lastRequests: [AgentID: EnvelopeID] = [:]

    package internal(set) var turn: OpenTurn?
    /// The turn that the daemon died in, until the next one begins.
    package internal(set) var interrupted: OpenTurn?
    /// The number of the last turn that began.
    package internal(set) var turns = 0
    /// The number of the last turn that ended well; 0 for none.
    package internal(set) var completedTurn = 0
    package internal(set) var completedAt: Timestamp?
    package internal(set) var lastCall = 0
    /// Calls that may have had effects, and of which it is not on record what they came to; the latest last.
    package internal(set) var intents: [ToolCall] = []
    static let intentsMax = 64
    /// What turns with a request key came to, the latest last.
    package internal(set) var requests: [AnsweredRequest] = []

    package internal(set) var spawns: [OpenSpawn] = []
    /// The highest number in the order of all agents that it knows of, also of those that were never made.
    package internal(set) var lastOrder = 0
    package internal(set) var subscriptions: [Subscription] = []
    package internal(set) var reminders: [Reminder] = []
    /// How many events there were that say nothing to this version, by kind.
    package internal(set) var strange: [String: Int] = [:]

    package init(_ log: LogName) {
        self.log = log
    }
}

/// Whether wakes may start turns of an agent.
package enum Gate: String, Hashable, Sendable {
    case open
    case gated
    /// Gated, but for one turn.
    case permitted
}

/// A turn that has begun.
package struct OpenTurn: Hashable, Sendable {
    package let number: Int
    package let start: TurnStart
    package let at: Timestamp
    /// Taken out of the inbox by calls of this turn: delivered if it ends well.
    package internal(set) var taken: [Inbox.Pending] = []
    /// The latest calls.
    package internal(set) var calls: [Call] = []
    package internal(set) var sentTo: Set<AgentID> = []
    /// What its calls have done counts, and the next attempt goes on from there.
    package internal(set) var continues = false
    /// The operator wants it gone on with.
    package internal(set) var isAsked = false

    /// A call and what it came to.
    package struct Call: Hashable, Sendable {
        package let call: ToolCall
        package let outcome: ToolOutcome
    }

    static let callsMax = 1_000
}

/// A promised child.
package struct OpenSpawn: Hashable, Sendable {
    package let intent: SpawnIntent
    /// The turn it was asked for in, as long as that has not ended well; `nil` when the child is due.
    package internal(set) var turn: Int?
}

/// A turn that somebody may ask for again by its key.
package struct AnsweredRequest: Hashable, Sendable {
    package let key: String
    package let turn: Int
    package internal(set) var outcome: RequestOutcome

    static let countMax = 64
}

/// What a turn came to.
package enum RequestOutcome: Hashable, Sendable {
    case running
    case completed(String)
    case failed(String)
    case interrupted
}
