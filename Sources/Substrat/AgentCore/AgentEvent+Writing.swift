package import Vocabulary

extension AgentEvent {
    /// The `event` of its line.
    package var kind: String {
        switch self {
        case .sessionCreated: "session.created"
        case .agentCreated: "agent.created"
        case .agentRenamed: "agent.renamed"
        case .agentAdopted: "agent.adopted"
        case .agentTerminated: "agent.terminated"
        case .agentCompleting: "agent.completing"
        case .spawnRequested: "agent.spawn_requested"
        case .spawnCompleted: "agent.spawn_completed"
        case .spawnAbandoned: "agent.spawn_abandoned"
        case .turnStarted: "turn.start"
        case .turnCompleted: "turn.complete"
        case .turnFailed: "turn.failed"
        case .turnInterrupted: "turn.interrupted"
        case .resumeAsked: "turn.resume_asked"
        case .sessionSuspended: "suspend.result"
        case .sessionRestored: "session.restored"
        case .suspensionChanged(let isSuspended): isSuspended ? "session.suspended" : "session.resumed"
        case .deletionAsked: "session.delete_requested"
        case .sessionDeleted: "session.deleted"
        case .providerRef: "provider.ref"
        case .enqueued: "message.enqueued"
        case .delivered: "message.delivered"
        case .sent: "message.sent"
        case .dropped: "message.dropped"
        case .toolIntended: "tool.intent"
        case .toolCalled: "tool.call"
        case .metadataUpdated: "metadata.updated"
        case .gateChanged: "tool.gate"
        case .turnPermitted: "tool.permit_turn"
        case .subscribed: "tool.subscribe"
        case .unsubscribed: "tool.unsubscribe"
        case .subscriptionFired: "subscription.fired"
        case .reminderSet: "reminder.set"
        case .reminderFired: "reminder.fired"
        case .reminderCancelled: "reminder.cancelled"
        case .recoveryApplied: "recovery.applied"
        case .noted(let kind, _), .unknown(let kind, _), .malformed(let kind, _, _): kind
        }
    }

    /// The `data` of its line; `nil` for none.
    package var data: JSONValue? {
        switch self {
        case .noted(_, let data), .unknown(_, let data), .malformed(_, _, let data): data
        case .turnStarted, .turnCompleted, .turnFailed, .turnInterrupted: .object(self.turnData)
        case .enqueued(let envelope): .object(envelope.json)
        case .delivered, .sent, .dropped: .object(self.messageData)
        case .toolIntended, .toolCalled, .metadataUpdated, .gateChanged, .turnPermitted: .object(self.toolData)
        case .subscribed, .unsubscribed, .subscriptionFired, .reminderSet, .reminderFired, .reminderCancelled:
            .object(self.wishData)
        default: .object(self.lifeData)
        }
    }

    private var lifeData: JSONObject {
        switch self {
        case .sessionCreated(let birth):
            var data: JSONObject = ["provider": .string(birth.provider), "model": .string(birth.model)]
            data["system_prompt"] = birth.systemPrompt.map(JSONValue.string)
            data["workspace"] = birth.workspace
            return data
        case .agentCreated(let birth): return birth.json
        case .agentRenamed(let name): return ["name": .string(name)]
        case .agentAdopted(let place):
            let parent = place.parentSession.map { JSONValue.string($0.hex) } ?? .null
            return ["parent_session_id": parent, "name": .string(place.name)]
        case .agentTerminated(let agent), .spawnCompleted(let agent): return ["agent_id": .string(agent.hex)]
        case .agentCompleting(let message): return ["message_id": .string(message.hex)]
        case .spawnRequested(let intent):
            var data = intent.birth.json
            data["session_id"] = .string(intent.session.hex)
            return data
        case .spawnAbandoned(let agent, let reason):
            return ["agent_id": .string(agent.hex), "reason": .string(reason)]
        case .sessionSuspended(let size, let turn):
            return .without(nil: ["state_size": size.asJSON, "upto_turn": turn.asJSON])
        case .sessionRestored(let provider, let model):
            return ["provider": .string(provider), "model": .string(model)]
        case .deletionAsked(let session), .sessionDeleted(let session): return ["session_id": .string(session.hex)]
        case .providerRef(let reference): return ["ref": reference]
        case .recoveryApplied(let boot, let actions):
            return ["boot_id": .string(boot), "actions": .array(actions.map(JSONValue.string))]
        default: return [:]
        }
    }

    private var turnData: JSONObject {
        switch self {
        case .turnStarted(let start):
            .without(nil: [
                "prompt": .string(start.prompt), "turn_id": start.turn.asJSON,
                "source": .string(start.source.rawValue),
                "message_ids": .array(start.messages.map { .string($0.hex) }),
                "attempt": .integer(Int64(start.attempt)), "request_key": start.requestKey.map(JSONValue.string),
            ])
        case .turnCompleted(let turn, let response, let conv):
            .without(nil: [
                "response": .string(response), "turn_id": turn.asJSON, "conv": conv.map(JSONValue.string),
            ])
        case .turnFailed(let turn, let error, let partial):
            .without(nil: ["turn_id": turn.asJSON, "error": .string(error), "partial": partial.map(JSONValue.string)])
        case .turnInterrupted(let turn, let continues):
            .without(nil: [
                "turn_id": turn.asJSON, "at": "recovery", "continues": continues ? .bool(true) : nil,
            ])
        default: [:]
        }
    }

    private var messageData: JSONObject {
        switch self {
        case .delivered(let id, let turn): .without(nil: ["message_id": .string(id.hex), "turn_id": turn.asJSON])
        case .dropped(let id, let reason): ["message_id": .string(id.hex), "reason": .string(reason)]
        case .sent(let note):
            .without(nil: [
                "message_id": .string(note.id.hex), "recipient": .string(note.recipient.hex),
                "kind": .string(note.kind.rawValue), "reply_to": note.replyTo.map { .string($0.hex) } ?? .null,
                "timestamp": note.timestamp.map { .string($0.logText) } ?? .null, "call_id": note.call.asJSON,
                "turn_id": note.turn.asJSON, "recovered": note.isRecovered ? .bool(true) : nil,
            ])
        default: [:]
        }
    }

    private var toolData: JSONObject {
        switch self {
        case .toolIntended(let call): return call.json
        case .toolCalled(let call, let outcome):
            var data = call.json
            switch outcome {
            case .result(let value): data["result"] = value
            case .error(let text): data["error"] = .string(text)
            }
            return data
        case .metadataUpdated(let key, let value):
            return ["key": .string(key), "value": value.map(JSONValue.string) ?? .null]
        case .gateChanged(let isGated, let name):
            return ["action": isGated ? "gate" : "ungate", "agent_name": .string(name)]
        case .turnPermitted(let name): return ["agent_name": .string(name)]
        default: return [:]
        }
    }

    private var wishData: JSONObject {
        switch self {
        case .subscribed(let wish):
            [
                "subscription_id": .string(wish.id.hex), "target": .string(wish.targetName),
                "target_id": .string(wish.target.hex), "from": .string(wish.transition.fromText),
                "to": .string(wish.transition.toText), "once": .bool(wish.isOnce),
            ]
        case .unsubscribed(let id), .subscriptionFired(let id): ["subscription_id": .string(id.hex)]
        case .reminderSet(let reminder):
            .without(nil: [
                "reminder_id": .string(reminder.id.hex), "reason": .string(reminder.reason),
                "due": .string(reminder.due.logText), "every": reminder.interval?.secondsJSON,
            ])
        case .reminderFired(let id, let next):
            .without(nil: ["reminder_id": .string(id.hex), "next_due": next.map { .string($0.logText) }])
        case .reminderCancelled(let id): ["reminder_id": .string(id.hex)]
        default: [:]
        }
    }
}

extension Entry {
    /// The members of its line after those of the context: `ts`, `event` and, where there is any, `data`.
    package var json: JSONObject {
        var members: JSONObject = ["ts": .string(self.at.logText), "event": .string(self.event.kind)]
        members["data"] = self.event.data
        return members
    }
}

extension AgentBirth {
    var json: JSONObject {
        .without(nil: [
            "agent_id": .string(self.agent.hex), "name": .string(self.name),
            "parent_session_id": self.parentSession.map { .string($0.hex) } ?? .null,
            "instructions": .string(self.instructions), "workspace": self.workspace ?? .null,
            "metadata": self.metadata.isEmpty ? .null : .object(.strings(self.metadata)),
            "provider": self.provider.isEmpty ? nil : .string(self.provider),
            "model": self.model.isEmpty ? nil : .string(self.model), "order": self.order.asJSON,
            "spawned": self.isSpawned == (self.parentSession != nil) ? nil : .bool(self.isSpawned),
            "request_key": self.requestKey.map(JSONValue.string),
        ])
    }
}

extension ToolCall {
    fileprivate var json: JSONObject {
        .without(nil: [
            "call_id": self.call.asJSON, "tool": .string(self.tool), "args": self.arguments,
            "said": self.said.map(JSONValue.string),
        ])
    }
}

extension JSONObject {
    /// The members that are there, in this order.
    fileprivate static func without(nil members: KeyValuePairs<String, JSONValue?>) -> JSONObject {
        var object: JSONObject = [:]
        for (key, value) in members { object[key] = value }
        return object
    }
}

extension Int? {
    fileprivate var asJSON: JSONValue? { self.map { .integer(Int64($0)) } }
}
