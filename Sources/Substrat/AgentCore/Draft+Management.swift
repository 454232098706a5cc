import HashTreeCollections
import Vocabulary

extension Draft {
    /// What a parent may do to its children, and nobody else.
    mutating func manage(_ tool: AgentTool, _ given: Arguments) throws(AgentRefusal) -> JSONValue {
        let name = given.text(tool == .inspectAgent ? "name" : "agent_name")
        let child = try self.tree.child(of: given.agent, named: name)
        let node = try self.node(child)
        let (ledger, log) = (try self.ledger(child), LogName.session(node.session))
        switch tool {
        case .inspectAgent: return self.inspection(of: child)
        case .poke:
            self.tell(.wake(child, from: given.agent, urgency: EnvelopeKind.request.urgency))
            return ["status": "poked", "agent_id": .string(child.description)]
        case .setAgentMetadata:
            guard !node.isPending else { throw .notReady(child) }
            let value = given.fields.text("value")
            self.record(.metadataUpdated(key: given.text("key"), value: value), in: log)
            return [
                "status": "updated", "agent_name": .string(name), "key": .string(given.text("key")),
                "value": value.map(JSONValue.string) ?? .null,
            ]
        case .gate, .ungate:
            self.record(.gateChanged(isGated: tool == .gate, name: name), in: log)
            return ["status": tool == .gate ? "gated" : "ungated", "agent_name": .string(name)]
        case .permitTurn:
            guard ledger.gate != .open else { throw .notGated(child) }
            guard ledger.turn == nil else { throw .busy(child) }
            self.record(.turnPermitted(name: name), in: log)
            return ["status": "permitted", "agent_name": .string(name)]
        default:
            guard node.children.isEmpty else { throw .hasChildren(child) }
            self.end(child)
            return ["status": "terminated", "agent_id": .string(child.description)]
        }
    }

    private func inspection(of child: AgentID) -> JSONValue {
        var answer = self.summary(of: child)
        let pending = self.tree.ledger(of: child)?.inbox.pending.prefix(self.tree.limits.promptMax) ?? []
        answer["recent_messages"] = .array(
            pending.map { message in
                [
                    "from": .string(self.tree.displayName(of: message.envelope.sender)),
                    "text": .string(message.envelope.payload),
                    "message_id": .string(message.envelope.id.description),
                ]
            })
        return .object(answer)
    }

    private func summary(of child: AgentID) -> JSONObject {
        guard let node = self.tree.nodes[child], let ledger = self.tree.ledger(of: child) else { return [:] }
        let metadata = node.isPending ? self.promisedMetadata(of: node) : ledger.metadata
        return [
            "state": .string(self.tree.state(of: child).rawValue), "gated": .bool(ledger.gate != .open),
            "metadata": .object(.strings(metadata)),
        ]
    }

    private func promisedMetadata(of node: AgentNode) -> [String: String] {
        let spawns = node.parent.flatMap { self.tree.ledger(of: $0)?.spawns } ?? []
        return spawns.first { $0.intent.agent == node.id }?.intent.birth.metadata ?? [:]
    }

    func listChildren(_ given: Arguments) throws(AgentRefusal) -> JSONValue {
        let children = given.caller.children.map { child in
            var answer = self.summary(of: child)
            answer["name"] = .string(self.tree.nodes[child]?.name ?? "")
            answer["agent_id"] = .string(child.description)
            answer["pending_messages"] = .integer(Int64(self.tree.ledger(of: child)?.inbox.count ?? 0))
            return JSONValue.object(answer)
        }
        return ["children": .array(children)]
    }

    mutating func remindMe(_ tool: AgentTool, _ given: Arguments) throws(AgentRefusal) -> JSONValue {
        let ledger = try self.ledger(given.agent)
        guard tool == .remindMe else {
            let text = given.text("reminder_id")
            guard let id = ReminderID(hexOrDashed: text), ledger.reminders.contains(where: { $0.id == id }) else {
                throw .unknownReminder(text)
            }
            self.record(.reminderCancelled(id), in: given.log)
            return ["status": "cancelled", "reminder_id": .string(id.description)]
        }
        let max = self.tree.limits.remindersMax
        guard ledger.reminders.count < max else { throw .tooMany("reminders", max: max) }
        let reminder = Reminder(
            id: self.newID(), reason: given.text("reason"),
            due: self.now + (given.fields.duration("timeout") ?? .zero), interval: given.fields.duration("every"))
        self.record(.reminderSet(reminder), in: given.log)
        return ["status": "scheduled", "reminder_id": .string(reminder.id.description)]
    }

    mutating func subscribe(_ tool: AgentTool, _ given: Arguments) throws(AgentRefusal) -> JSONValue {
        let ledger = try self.ledger(given.agent)
        switch tool {
        case .listSubscriptions:
            return [
                "subscriptions": .array(
                    ledger.subscriptions.map { wish in
                        [
                            "subscription_id": .string(wish.id.description), "agent_name": .string(wish.targetName),
                            "transition": .string(wish.transition.description), "once": .bool(wish.isOnce),
                        ]
                    })
            ]
        case .unsubscribe:
            let text = given.text("subscription_id")
            guard let id = SubscriptionID(hexOrDashed: text), ledger.subscriptions.contains(where: { $0.id == id })
            else { throw .unknownSubscription(text) }
            self.record(.unsubscribed(id), in: given.log)
            return ["status": "removed"]
        default:
            guard let transition = Transition(given.text("transition")) else {
                throw .badArgument(tool: tool.rawValue, "transition must be like busy->idle")
            }
            let max = self.tree.limits.subscriptionsMax
            guard ledger.subscriptions.count < max else { throw .tooMany("subscriptions", max: max) }
            let name = given.text("agent_name")
            let target = try self.tree.neighbour(of: given.agent, named: name)
            try self.tree.checkRoute(from: given.agent, to: target)
            let wish = Subscription(
                id: self.newID(), target: target, targetName: name, transition: transition,
                isOnce: given.fields.flag("once"))
            self.record(.subscribed(wish), in: given.log)
            return ["subscription_id": .string(wish.id.description), "status": "active"]
        }
    }
}
