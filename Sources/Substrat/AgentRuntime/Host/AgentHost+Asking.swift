package import AgentCore
import AgentWorkspaces
import EventLog
import HashTreeCollections
import Synchronization
package import Vocabulary

// MARK: - Looking

extension AgentHost {
    /// All agents, each before its children.
    package func agents() async -> [AgentSummary] {
        let tree = self.tree
        let tops = tree.breadthFirst.filter { tree.nodes[$0]?.parent == nil }
        return tops.flatMap { [$0] + tree.subtree(of: $0) }.compactMap { self.summary(of: $0, in: tree) }
    }

    /// The agent that a path, a name, an id, or a beginning of an id means that only one has. Names come first.
    package func resolve(_ reference: String) async throws(HostError) -> AgentID {
        let tree = self.tree
        do throws(AgentRefusal) {
            return try tree.resolve(reference)
        } catch {
            guard case .unknownReference = error else { throw HostError(error) }
            let digits = reference.filter { $0 != "-" }.lowercased()
            let found = digits.isEmpty ? [] : tree.nodes.keys.filter { $0.hex.hasPrefix(digits) }
            guard found.count < 2 else {
                throw HostError(.ambiguousReference(reference, found.map { tree.path(of: $0) }.sorted()))
            }
            guard let agent = found.first else { throw HostError(error) }
            return agent
        }
    }

    package func inspect(_ agent: AgentID) async throws(HostError) -> AgentInspection {
        let tree = self.tree
        guard let summary = self.summary(of: agent, in: tree), let ledger = tree.ledger(of: agent) else {
            throw HostError(.unknownAgent(agent))
        }
        return AgentInspection(
            summary: summary, instructions: ledger.birth?.instructions ?? "",
            provider: self.providerName(of: summary.session, in: tree), model: ledger.birth?.model ?? "",
            metadata: ledger.metadata, workspace: WorkspaceKey(ledger.birth?.workspace),
            children: (tree.nodes[agent]?.children ?? []).compactMap { self.summary(of: $0, in: tree) },
            inbox: ledger.inbox.pending.map { InboxEntry($0.envelope, in: tree) })
    }

    /// The events of an agent's log, also of one that has ended, from the one after number `offset` on.
    package func events(
        of agent: AgentID, after offset: Int = 0, limit: Int = 1_000
    ) async throws(HostError) -> [JSONObject] {
        let first = UInt64(max(0, offset))
        let history = try await self.readable(try self.log(of: agent), after: first)
        return history.records.lazy.filter { $0.sequence > first }.prefix(max(0, limit)).map { record in
            var object: JSONObject = [
                "seq": .integer(Int64(record.sequence)), "ts": record.time.map { .string($0.logText) } ?? .null,
                "event": .string(record.event.name),
            ]
            object["data"] = record.event.data.map(JSONValue.object)
            return object
        }
    }

    /// The number of the last event of an agent's log.
    package func lastEvent(of agent: AgentID) throws(HostError) -> Int {
        Int(self.progress.last(of: try self.log(of: agent).id))
    }

    /// Returns when the agent's log has an event after number `last`, or after `time`, or when the host stops.
    package func waitForEvents(of agent: AgentID, after last: Int, for time: Duration) async throws(HostError) {
        let log = try self.log(of: agent).id
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.progress.wait(for: log, after: UInt64(max(0, last))) }
            group.addTask { await self.options.clock.sleep(for: time) }
            await group.next()
            group.cancelAll()
        }
    }

    private func log(of agent: AgentID) throws(HostError) -> AgentCore.LogName {
        let tree = self.tree
        if agent == .user { return .user }
        guard let session = tree.nodes[agent]?.session ?? tree.ended[agent] else {
            throw HostError(.unknownAgent(agent))
        }
        return .session(session)
    }

    /// With which a program proves that it speaks for the agent. Another one after each start.
    package func token(of agent: AgentID) async throws(HostError) -> String {
        guard self.tree.nodes[agent] != nil else { throw HostError(.unknownAgent(agent)) }
        return self.tokenText(of: agent)
    }

    func tokenText(of agent: AgentID) -> String {
        self.floor.withLock { floor in
            if let known = floor.tokens[agent] { return known }
            var dice = SystemRandomNumberGenerator()
            let bytes = (0..<32).map { _ in UInt8.random(in: 0...255, using: &dice) }
            let token = Hex.encode(bytes)
            floor.tokens[agent] = token
            return token
        }
    }

    /// All events of a log; throws when some cannot be read, also when a start has not noticed that.
    func history(of log: AgentCore.LogName) async throws(HostError) -> [LogRecord] {
        let history = try await self.readable(log, after: 0)
        guard let damage = history.damage.first else { return history.records }
        throw HostError(.unavailable, "it is damaged: \(damage.message)", hint: "substrat daemon log verify")
    }

    /// What can be read of a log after number `offset`; what was folded before that is not read.
    private func readable(_ log: AgentCore.LogName, after offset: UInt64) async throws(HostError) -> LogHistory {
        let logs = self.logs
        let isRecent = offset > 0 && offset >= self.progress.folded(of: log.id)
        do throws(LogFault) {
            return try await onThreadOfItsOwn { () throws(LogFault) in
                let history = try logs.history(of: log.id, isRecent ? .recent : .whole)
                // It may have been folded anew meanwhile.
                return history.folded <= offset ? history : try logs.history(of: log.id, .whole)
            }
        } catch {
            throw HostError(error)
        }
    }

    func summary(of agent: AgentID, in tree: AgentTree) -> AgentSummary? {
        guard let node = tree.nodes[agent], let ledger = tree.ledger(of: agent) else { return nil }
        let waits = self.floor.withLock { floor in
            floor.pools.values.contains { $0.isWaiting(node.session) || $0.slots[node.session] == .reserved }
        }
        let state = tree.state(of: agent)
        return AgentSummary(
            id: agent, session: node.session, name: node.name, path: tree.path(of: agent),
            state: state == .idle && waits ? .waiting : state, parent: node.parent, isGated: ledger.gate != .open,
            isSuspended: ledger.suspendedAt != nil, quarantine: node.quarantine)
    }
}

extension InboxEntry {
    init(_ envelope: Envelope, in tree: AgentTree) {
        self.init(
            id: envelope.id, sender: envelope.sender, senderName: tree.displayName(of: envelope.sender),
            text: envelope.payload, kind: envelope.kind, replyTo: envelope.replyTo, timestamp: envelope.timestamp)
    }
}

// MARK: - Changing

extension AgentHost {
    /// Ends an agent; with `recursive` its descendants first, all or none.
    package func terminate(_ agent: AgentID, recursive: Bool) async throws(HostError) {
        try await self.desk.perform(.terminate(agent, isRecursive: recursive))
    }

    /// Holds an agent, or lets it go: while it is held, no turn of it begins by itself.
    package func gate(_ agent: AgentID, isGated: Bool) async throws(HostError) {
        try await self.desk.perform(.gate(agent, isGated: isGated))
    }

    /// Calls a tool in the name of an agent. A tool that fails answers with an object that has an `error`.
    package func callTool(
        _ agent: AgentID, _ tool: String, _ arguments: JSONObject
    ) async throws(HostError) -> JSONValue {
        guard AgentTool(rawValue: tool) != nil else { throw HostError(.unknownTool(tool)) }
        return try await self.carryOut(ToolCall(tool: tool, arguments: .object(arguments)), of: agent) {
            (command) throws(HostError) in try await self.desk.perform(command)
        }
    }

    /// What agents have written to the operator, and nobody has read.
    package func operatorInbox() -> [InboxEntry] {
        let tree = self.tree
        let pending = tree.ledgers[.user]?.inbox.pending ?? []
        return pending.map { InboxEntry($0.envelope, in: tree) }
    }

    /// Takes what agents have written to the operator. When this returns, it counts as read.
    package func takeOperatorInbox() async throws(HostError) -> [InboxEntry] {
        let entries = self.operatorInbox()
        let taken = Set(try await self.acknowledge(entries.map(\.id)))
        return entries.filter { taken.contains($0.id) }
    }

    /// Takes these out of the operator's inbox, for somebody has them; answers which were still there.
    @discardableResult
    package func acknowledge(_ messages: [EnvelopeID]) async throws(HostError) -> [EnvelopeID] {
        guard !messages.isEmpty else { return [] }
        let answer = try await self.desk.perform(.takeUserMail(messages))
        let taken = Set((answer["messages"]?.array ?? []).compactMap { $0["message_id"]?.string })
        return messages.filter { taken.contains($0.hex) }
    }
}
