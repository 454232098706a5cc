import HashTreeCollections
import Vocabulary

extension Draft {
    /// Carries out a call of a tool and records what it came to, also when that is an error.
    mutating func call(
        _ call: ToolCall, by agent: AgentID, workspace: JSONValue?
    ) throws(AgentRefusal) -> JSONValue {
        let node = try self.runnable(agent)
        var call = call
        call.call = (try self.ledger(agent)).lastCall + 1
        let before = self
        do throws(AgentRefusal) {
            guard let tool = AgentTool(rawValue: call.tool) else { throw .unknownTool(call.tool) }
            try tool.check(call.arguments)
            let answer = try self.perform(tool, Arguments(call, node, workspace))
            if self.tree.nodes[agent] != nil {
                self.record(.toolCalled(call, .result(answer)), in: .session(node.session))
            }
            if tool == .complete, self.tree.ledger(of: agent)?.turn == nil { self.end(agent) }
            return answer
        } catch {
            self = before
            self.record(.toolCalled(call, .error(error.description)), in: .session(node.session))
            return ["error": .string(error.description)]
        }
    }

    /// Who calls, and with what.
    struct Arguments {
        let fields: Fields
        let caller: AgentNode
        let call: Int
        let workspace: JSONValue?

        init(_ call: ToolCall, _ caller: AgentNode, _ workspace: JSONValue?) {
            self.fields = Fields(data: call.arguments)
            self.caller = caller
            self.call = call.call ?? 0
            self.workspace = workspace
        }

        var agent: AgentID { self.caller.id }
        var log: LogName { .session(self.caller.session) }

        /// A text that the schema says is there.
        func text(_ name: String) -> String { self.fields.text(name) ?? "" }
    }

    private mutating func perform(_ tool: AgentTool, _ given: Arguments) throws(AgentRefusal) -> JSONValue {
        switch tool {
        case .sendMessage: try self.sendMessage(given)
        case .broadcast: try self.broadcast(given)
        case .checkInbox: try self.checkInbox(given)
        case .spawnAgent: try self.spawnAgent(given)
        case .complete: try self.complete(given)
        case .inspectAgent, .poke, .setAgentMetadata, .gate, .ungate, .permitTurn, .terminateChild:
            try self.manage(tool, given)
        case .listChildren: try self.listChildren(given)
        case .remindMe, .cancelReminder: try self.remindMe(tool, given)
        case .subscribe, .unsubscribe, .listSubscriptions: try self.subscribe(tool, given)
        case .listWorkspaces, .createWorkspace, .deleteWorkspace, .linkDir, .unlinkDir, .linkFrom:
            throw .noWorkspaces
        }
    }

    private mutating func sendMessage(_ given: Arguments) throws(AgentRefusal) -> JSONValue {
        let name = given.text("recipient")
        let recipient =
            name == "USER" ? AgentID.user : try self.tree.neighbour(of: given.agent, named: name)
        try self.tree.checkRoute(from: given.agent, to: recipient)
        try self.tree.checkRoom(in: recipient, for: given.text("text"))
        let isSync = given.fields.flag("sync")
        let envelope = self.envelope(
            from: given.agent, to: recipient, .request, given.text("text"),
            replyTo: try self.repliedTo(given), metadata: isSync ? ["sync": "True"] : [:])
        self.enqueue(envelope, call: given.call)
        var answer: JSONObject = ["status": "sent", "message_id": .string(envelope.id.description)]
        if isSync { answer["waiting_for_reply"] = true }
        return .object(answer)
    }

    /// The message that `reply_to` means, by its id or a beginning of it that only one has.
    private func repliedTo(_ given: Arguments) throws(AgentRefusal) -> EnvelopeID? {
        guard let text = given.fields.text("reply_to") else { return nil }
        if let id = EnvelopeID(hexOrDashed: text) { return id }
        let digits = text.filter { $0 != "-" }.lowercased()
        let found = (try self.ledger(given.agent)).received.filter { !digits.isEmpty && $0.hex.hasPrefix(digits) }
        guard found.count == 1, let id = found.first else { throw .unknownMessage(text) }
        return id
    }

    private mutating func broadcast(_ given: Arguments) throws(AgentRefusal) -> JSONValue {
        let siblings = self.tree.siblings(of: given.agent)
        guard !siblings.isEmpty else { throw .noSiblings(given.agent) }
        for sibling in siblings { try self.tree.checkRoom(in: sibling, for: given.text("text")) }
        let broadcast: EnvelopeID = self.newID()
        for sibling in siblings {
            self.enqueue(
                self.envelope(
                    from: given.agent, to: sibling, .request, given.text("text"),
                    metadata: ["broadcast_id": broadcast.hex]), call: given.call)
        }
        return [
            "status": "sent", "message_id": .string(broadcast.description),
            "recipient_count": .integer(Int64(siblings.count)),
        ]
    }

    /// Takes mail out; within a turn it counts as delivered when the turn ends well.
    private mutating func checkInbox(_ given: Arguments) throws(AgentRefusal) -> JSONValue {
        var sender: AgentID?
        switch given.fields.text("sender") {
        case nil: break
        case "USER"?: sender = .user
        case "SYSTEM"?: sender = .system
        case let name?: sender = try self.tree.neighbour(of: given.agent, named: name)
        }
        var kind: EnvelopeKind?
        if let text = given.fields.text("kind") {
            kind = EnvelopeKind(rawValue: text)
            guard kind != nil else { throw .badArgument(tool: "check_inbox", "no kind is called \(text)") }
        }
        let ledger = try self.ledger(given.agent)
        let found = ledger.inbox.matches(sender: sender, kind: kind).map(\.envelope)
        for envelope in found { self.record(.delivered(envelope.id, turn: ledger.turn?.number), in: given.log) }
        return ["messages": .array(found.map(self.shown))]
    }

    private func shown(_ envelope: Envelope) -> JSONValue {
        [
            "from": .string(self.tree.displayName(of: envelope.sender)), "text": .string(envelope.payload),
            "message_id": .string(envelope.id.description),
        ]
    }

    private mutating func spawnAgent(_ given: Arguments) throws(AgentRefusal) -> JSONValue {
        let place = given.fields.text("workspace")
        guard place == nil || given.workspace != nil else { throw .noWorkspaces }
        let wish = NewAgent(
            agent: self.newID(), session: self.newID(), name: given.text("name"),
            instructions: given.text("instructions"), workspace: given.workspace,
            metadata: given.fields.strings("metadata"), provider: given.text("provider"), model: given.text("model"))
        try self.spawn(wish, by: given.agent)
        var answer: JSONObject = [
            "status": "accepted", "agent_id": .string(wish.agent.description), "name": .string(wish.name),
        ]
        answer["workspace"] = place.map(JSONValue.string)
        return .object(answer)
    }

    /// The last word of an agent: its parent has the result, and it ends with its turn.
    private mutating func complete(_ given: Arguments) throws(AgentRefusal) -> JSONValue {
        let ledger = try self.ledger(given.agent)
        guard let parent = given.caller.parent else { throw .isRoot(given.agent) }
        guard given.caller.children.isEmpty else { throw .hasChildren(given.agent) }
        guard ledger.completing == nil else { throw .isCompleting(given.agent) }
        let asked = ledger.lastRequests[parent] ?? self.openRequest(of: parent, in: ledger)
        let envelope = self.envelope(
            from: given.agent, to: parent, .response, given.text("result"), replyTo: asked)
        self.enqueue(envelope, call: given.call)
        self.record(.agentCompleting(envelope.id), in: given.log)
        return ["status": "completing", "message_id": .string(envelope.id.description)]
    }

    /// The last request of `sender` that the open turn shows.
    private func openRequest(of sender: AgentID, in ledger: Ledger) -> EnvelopeID? {
        ledger.inbox.matches(sender: sender, kind: .request).map(\.envelope.id)
            .last { ledger.turn?.start.messages.contains($0) ?? false }
    }
}
