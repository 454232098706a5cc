package import Vocabulary

extension AgentEvent {
    /// Reads an event of any version.
    ///
    /// Never fails: a kind that is not known is `unknown`, one that lacks what it needs is `malformed`. Both keep
    /// their data, change nothing when they are applied, and are counted for the report. Unknown members of a known
    /// kind are not looked at.
    package init(kind: String, data: JSONValue?) {
        do throws(FieldError) {
            let found = try Self.known(kind, Fields(data: data ?? .object([:])))
            self = found ?? Self.other(kind, data)
        } catch {
            self = .malformed(kind: kind, field: error.field, data)
        }
    }

    private static func known(_ kind: String, _ fields: Fields) throws(FieldError) -> Self? {
        if let found = try self.life(kind, fields) { return found }
        if let found = try self.turn(kind, fields) { return found }
        if let found = try self.message(kind, fields) { return found }
        if let found = try self.tool(kind, fields) { return found }
        return try self.wish(kind, fields)
    }

    private static func life(_ kind: String, _ fields: Fields) throws(FieldError) -> Self? {
        switch kind {
        case "session.created":
            .sessionCreated(
                SessionBirth(
                    provider: fields.text("provider") ?? "", model: fields.text("model") ?? "",
                    systemPrompt: fields.text("system_prompt"), workspace: fields.value("workspace")))
        case "agent.created": .agentCreated(try AgentBirth(fields))
        case "agent.adopted":
            .agentAdopted(
                Adoption(
                    parentSession: try fields.value("parent_session_id").map { (_) throws(FieldError) in
                        try fields.id("parent_session_id")
                    }, name: try fields.needed("name")))
        case "agent.renamed": .agentRenamed(try fields.needed("name"))
        case "agent.terminated": .agentTerminated(try fields.id("agent_id"))
        case "agent.completing": .agentCompleting(try fields.id("message_id"))
        case "agent.spawn_requested":
            .spawnRequested(SpawnIntent(session: try fields.id("session_id"), birth: try AgentBirth(fields)))
        case "agent.spawn_completed": .spawnCompleted(try fields.id("agent_id"))
        case "agent.spawn_abandoned":
            .spawnAbandoned(try fields.id("agent_id"), reason: fields.text("reason") ?? "")
        case "suspend.result": .sessionSuspended(size: fields.number("state_size"), turn: fields.number("upto_turn"))
        case "session.restored":
            .sessionRestored(provider: fields.text("provider") ?? "", model: fields.text("model") ?? "")
        case "session.suspended": .suspensionChanged(isSuspended: true)
        case "session.resumed": .suspensionChanged(isSuspended: false)
        case "session.delete_requested": .deletionAsked(try fields.id("session_id"))
        case "session.deleted": .sessionDeleted(try fields.id("session_id"))
        case "provider.ref": .providerRef(fields.data["ref"] ?? .null)
        case "recovery.applied":
            .recoveryApplied(
                boot: fields.text("boot_id") ?? "",
                actions: (fields.data["actions"]?.array ?? []).compactMap(\.string))
        default: nil
        }
    }

    private static func turn(_ kind: String, _ fields: Fields) throws(FieldError) -> Self? {
        let turn = fields.number("turn_id")
        return switch kind {
        case "turn.start":
            .turnStarted(
                TurnStart(
                    turn: turn, source: fields.text("source").flatMap(TurnSource.init(rawValue:)) ?? .user,
                    prompt: fields.text("prompt") ?? "", messages: fields.ids("message_ids"),
                    attempt: max(1, fields.number("attempt") ?? 1), requestKey: fields.text("request_key")))
        case "turn.complete":
            .turnCompleted(turn: turn, response: fields.text("response") ?? "", conv: fields.text("conv"))
        case "turn.failed":
            .turnFailed(turn: turn, error: fields.text("error") ?? "", partial: fields.text("partial"))
        case "turn.resume_asked": .resumeAsked
        case "turn.interrupted": .turnInterrupted(turn: turn, continues: fields.flag("continues"))
        default: nil
        }
    }

    private static func message(_ kind: String, _ fields: Fields) throws(FieldError) -> Self? {
        switch kind {
        case "message.enqueued": .enqueued(try Envelope(fields))
        case "message.delivered": .delivered(try fields.id("message_id"), turn: fields.number("turn_id"))
        case "message.dropped": .dropped(try fields.id("message_id"), reason: fields.text("reason") ?? "")
        case "message.sent":
            .sent(
                SentNote(
                    id: try fields.id("message_id"), recipient: try fields.id("recipient"),
                    kind: EnvelopeKind(reading: fields.text("kind") ?? ""), replyTo: fields.optionalID("reply_to"),
                    timestamp: fields.moment("timestamp"), call: fields.number("call_id"),
                    turn: fields.number("turn_id"), isRecovered: fields.flag("recovered")))
        default: nil
        }
    }

    private static func tool(_ kind: String, _ fields: Fields) throws(FieldError) -> Self? {
        switch kind {
        case "tool.intent": return .toolIntended(try ToolCall(fields))
        case "tool.call":
            let error = fields.text("error") ?? fields.data["result"]?["error"]?.string
            let outcome = error.map(ToolOutcome.error) ?? .result(fields.data["result"] ?? .null)
            return .toolCalled(try ToolCall(fields), outcome)
        case "metadata.updated": return .metadataUpdated(key: try fields.needed("key"), value: fields.text("value"))
        case "tool.gate":
            return .gateChanged(isGated: fields.text("action") != "ungate", name: fields.text("agent_name") ?? "")
        case "tool.ungate": return .gateChanged(isGated: false, name: fields.text("agent_name") ?? "")
        case "tool.permit_turn": return .turnPermitted(name: fields.text("agent_name") ?? "")
        default: return nil
        }
    }

    private static func wish(_ kind: String, _ fields: Fields) throws(FieldError) -> Self? {
        switch kind {
        case "tool.subscribe":
            let from = fields.text("from") ?? fields.text("from_state") ?? "*"
            let to = fields.text("to") ?? fields.text("to_state") ?? "*"
            guard let transition = Transition(from: from, to: to) else { throw FieldError(field: "from") }
            return .subscribed(
                Subscription(
                    id: try fields.id("subscription_id"), target: try fields.id("target_id"),
                    targetName: fields.text("target") ?? "", transition: transition, isOnce: fields.flag("once")))
        case "tool.unsubscribe": return .unsubscribed(try fields.id("subscription_id"))
        case "subscription.fired": return .subscriptionFired(try fields.id("subscription_id"))
        case "reminder.set":
            guard let due = fields.moment("due") else { throw FieldError(field: "due") }
            return .reminderSet(
                Reminder(
                    id: try fields.id("reminder_id"), reason: fields.text("reason") ?? "", due: due,
                    interval: fields.duration("every")))
        case "reminder.fired": return .reminderFired(try fields.id("reminder_id"), next: fields.moment("next_due"))
        case "reminder.cancelled": return .reminderCancelled(try fields.id("reminder_id"))
        default: return nil
        }
    }

    private static func other(_ kind: String, _ data: JSONValue?) -> Self {
        ["send", "send.result", "stop.result", "log.checkpoint"].contains(kind)
            ? .noted(kind: kind, data) : .unknown(kind: kind, data)
    }
}

extension Entry {
    /// Reads the members of a line; `nil` when `ts` or `event` is not there.
    package init?(_ members: JSONObject) {
        guard let kind = members["event"]?.string, let at = members["ts"]?.string.flatMap(Timestamp.init) else {
            return nil
        }
        self.init(at: at, AgentEvent(kind: kind, data: members["data"]))
    }
}

extension AgentBirth {
    init(_ fields: Fields) throws(FieldError) {
        self.init(
            agent: try fields.id("agent_id"), name: fields.text("name") ?? "",
            parentSession: fields.optionalID("parent_session_id"), instructions: fields.text("instructions") ?? "",
            workspace: fields.value("workspace"),
            metadata: fields.strings("metadata"), provider: fields.text("provider") ?? "",
            model: fields.text("model") ?? "", order: fields.number("order"),
            isSpawned: fields.data["spawned"]?.bool, requestKey: fields.text("request_key"))
        if self.parentSession == nil, let parent = fields.data["parent_session_id"], !parent.isNull {
            throw FieldError(field: "parent_session_id")
        }
    }
}

extension ToolCall {
    fileprivate init(_ fields: Fields) throws(FieldError) {
        self.init(
            call: fields.number("call_id"), tool: try fields.needed("tool"),
            arguments: fields.data["args"] ?? .object([:]), said: fields.text("said"))
    }
}
