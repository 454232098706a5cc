package import Vocabulary

/// One recorded fact, in the log of one session (or of the operator).
///
/// An event changes what is known of its own log and nothing else: what agents are to each other follows from their
/// logs together. So the order of events matters within a log, and across logs it does not.
package enum AgentEvent: Hashable, Sendable {
    case sessionCreated(SessionBirth)
    case agentCreated(AgentBirth)
    /// Two agents had the same name after a crash, and the later one got this.
    case agentRenamed(String)
    /// The operator has given an agent that nobody could run, or that had lost its parent, a place in the tree.
    case agentAdopted(Adoption)
    case agentTerminated(AgentID)
    /// It has given its result and ends with its turn.
    case agentCompleting(EnvelopeID)
    case spawnRequested(SpawnIntent)
    /// The child's session exists and its log says so.
    case spawnCompleted(AgentID)
    case spawnAbandoned(AgentID, reason: String)

    case turnStarted(TurnStart)
    /// `conv` is a hash over all that was said until then, where the provider makes one.
    case turnCompleted(turn: Int?, response: String, conv: String? = nil)
    case turnFailed(turn: Int?, error: String, partial: String?)
    /// The daemon died in it. When it `continues`, what its calls have done counts, and it is gone on with.
    case turnInterrupted(turn: Int?, continues: Bool)
    /// The operator wants the turn gone on with that was interrupted.
    case resumeAsked

    case sessionSuspended(size: Int?, turn: Int?)
    case sessionRestored(provider: String, model: String)
    /// The operator keeps the agent from its turns, or lets it go on.
    case suspensionChanged(isSuspended: Bool)
    /// In the log of the operator: the folder of a session is to go, whatever comes.
    case deletionAsked(SessionID)
    /// In the log of the operator: it is gone.
    case sessionDeleted(SessionID)
    /// By what the provider knows the conversation again.
    case providerRef(JSONValue)

    /// In the log of the recipient.
    case enqueued(Envelope)
    /// In a turn it counts when that turn has ended well.
    case delivered(EnvelopeID, turn: Int?)
    /// In the log of the sender.
    case sent(SentNote)
    case dropped(EnvelopeID, reason: String)

    /// A call is about to have effects.
    case toolIntended(ToolCall)
    case toolCalled(ToolCall, ToolOutcome)
    case metadataUpdated(key: String, value: String?)
    case gateChanged(isGated: Bool, name: String)
    case turnPermitted(name: String)

    case subscribed(Subscription)
    case unsubscribed(SubscriptionID)
    case subscriptionFired(SubscriptionID)
    case reminderSet(Reminder)
    case reminderFired(ReminderID, next: Timestamp?)
    case reminderCancelled(ReminderID)

    case recoveryApplied(boot: String, actions: [String])
    /// Known, and nothing to the state: `send`, `send.result`, `stop.result`, `log.checkpoint`.
    case noted(kind: String, JSONValue?)
    /// Of a version to come. Kept, skipped, and named in the report.
    case unknown(kind: String, JSONValue?)
    /// Of a known kind, with a member missing that must be there.
    case malformed(kind: String, field: String, JSONValue?)
}

/// An event and when it was recorded.
package struct Entry: Hashable, Sendable {
    package let at: Timestamp
    package let event: AgentEvent

    package init(at: Timestamp, _ event: AgentEvent) {
        self.at = at
        self.event = event
    }
}

/// What a provider was asked to begin with.
package struct SessionBirth: Hashable, Sendable {
    package var provider: String
    package var model: String
    package var systemPrompt: String?
    package var workspace: JSONValue?

    package init(provider: String, model: String, systemPrompt: String? = nil, workspace: JSONValue? = nil) {
        self.provider = provider
        self.model = model
        self.systemPrompt = systemPrompt
        self.workspace = workspace
    }
}

/// Who an agent is.
package struct AgentBirth: Hashable, Sendable {
    package var agent: AgentID
    package var name: String
    /// `nil` for a root.
    package var parentSession: SessionID?
    package var instructions: String
    /// `[scope, name]`, passed on and not read.
    package var workspace: JSONValue?
    package var metadata: [String: String]
    /// Empty for the default of the daemon.
    package var provider: String
    package var model: String
    /// Orders siblings; `nil` in logs of other programs, which come first, by time.
    package var order: Int?
    /// Its parent asked for it, so its first turn begins by itself.
    package var isSpawned: Bool
    /// What the operator called the request to make it.
    package var requestKey: String?

    package init(
        agent: AgentID, name: String, parentSession: SessionID?, instructions: String, workspace: JSONValue? = nil,
        metadata: [String: String] = [:], provider: String = "", model: String = "", order: Int? = nil,
        isSpawned: Bool? = nil, requestKey: String? = nil
    ) {
        self.agent = agent
        self.name = name
        self.parentSession = parentSession
        self.instructions = instructions
        self.workspace = workspace
        self.metadata = metadata
        self.provider = provider
        self.model = model
        self.order = order
        self.isSpawned = isSpawned ?? (parentSession != nil)
        self.requestKey = requestKey
    }
}

/// Where an agent is from now on, and what it is called there.
package struct Adoption: Hashable, Sendable {
    /// `nil` for a root.
    package var parentSession: SessionID?
    package var name: String

    package init(parentSession: SessionID?, name: String) {
        self.parentSession = parentSession
        self.name = name
    }
}

/// A child that was promised: its ids are given, its session comes after the parent's turn.
package struct SpawnIntent: Hashable, Sendable {
    package var session: SessionID
    package var birth: AgentBirth

    package init(session: SessionID, birth: AgentBirth) {
        self.session = session
        self.birth = birth
    }

    package var agent: AgentID { self.birth.agent }
}

/// Why a turn began.
package enum TurnSource: String, CaseIterable, Hashable, Sendable {
    case user, wake, bootstrap, resume
}

/// What a turn begins with. Durable before the provider sees the prompt.
package struct TurnStart: Hashable, Sendable {
    /// Counted from 1 in each log; `nil` in logs of other programs.
    package var turn: Int?
    package var source: TurnSource
    package var prompt: String
    /// The messages that are in the prompt, and that its end marks as delivered.
    package var messages: [EnvelopeID]
    /// Counted from 1; more after each crash in it.
    package var attempt: Int
    package var requestKey: String?

    package init(
        turn: Int?, source: TurnSource, prompt: String, messages: [EnvelopeID] = [], attempt: Int = 1,
        requestKey: String? = nil
    ) {
        self.turn = turn
        self.source = source
        self.prompt = prompt
        self.messages = messages
        self.attempt = attempt
        self.requestKey = requestKey
    }
}

/// What the sender's log says of a message; its text is in the recipient's log, the call or the turn.
package struct SentNote: Hashable, Sendable {
    package let id: EnvelopeID
    package let recipient: AgentID
    package let kind: EnvelopeKind
    package let replyTo: EnvelopeID?
    package let timestamp: Timestamp?
    package let call: Int?
    package let turn: Int?
    package let isRecovered: Bool

    package init(
        _ envelope: Envelope, call: Int? = nil, turn: Int? = nil, isRecovered: Bool = false
    ) {
        self.init(
            id: envelope.id, recipient: envelope.recipient, kind: envelope.kind, replyTo: envelope.replyTo,
            timestamp: envelope.timestamp, call: call, turn: turn, isRecovered: isRecovered)
    }

    package init(
        id: EnvelopeID, recipient: AgentID, kind: EnvelopeKind, replyTo: EnvelopeID? = nil,
        timestamp: Timestamp? = nil, call: Int? = nil, turn: Int? = nil, isRecovered: Bool = false
    ) {
        self.id = id
        self.recipient = recipient
        self.kind = kind
        self.replyTo = replyTo
        self.timestamp = timestamp
        self.call = call
        self.turn = turn
        self.isRecovered = isRecovered
    }
}

/// A call of one of the agent's tools.
package struct ToolCall: Hashable, Sendable {
    /// Counted in each log; `nil` in logs of other programs.
    package var call: Int?
    package var tool: String
    package var arguments: JSONValue
    /// What a model said before it asked for the tool.
    package var said: String?

    package init(call: Int? = nil, tool: String, arguments: JSONValue, said: String? = nil) {
        self.call = call
        self.tool = tool
        self.arguments = arguments
        self.said = said
    }
}

/// What a call came to.
package enum ToolOutcome: Hashable, Sendable {
    case result(JSONValue)
    case error(String)
}

/// One agent's wish to hear of the states of another.
package struct Subscription: Hashable, Sendable {
    package let id: SubscriptionID
    package let target: AgentID
    package let targetName: String
    package let transition: Transition
    package let isOnce: Bool

    package init(
        id: SubscriptionID, target: AgentID, targetName: String, transition: Transition, isOnce: Bool
    ) {
        self.id = id
        self.target = target
        self.targetName = targetName
        self.transition = transition
        self.isOnce = isOnce
    }
}

/// What an agent wants to be told later.
package struct Reminder: Hashable, Sendable {
    package let id: ReminderID
    package let reason: String
    package var due: Timestamp
    /// `nil` for once.
    package let interval: Duration?

    package init(id: ReminderID, reason: String, due: Timestamp, interval: Duration?) {
        self.id = id
        self.reason = reason
        self.due = due
        self.interval = interval
    }
}
