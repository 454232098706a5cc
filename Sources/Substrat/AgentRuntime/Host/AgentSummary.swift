package import AgentCore
package import AgentWorkspaces
package import Vocabulary

/// An agent in a list.
package struct AgentSummary: Hashable, Sendable {
    package let id: AgentID
    package let session: SessionID
    package let name: String
    /// The names from the root on, joined by `/`.
    package let path: String
    package let state: NodeState
    package let parent: AgentID?
    package let isGated: Bool
    /// By the operator's hand.
    package let isSuspended: Bool
    /// Why it cannot be run; `nil` for nearly all.
    package let quarantine: String?

    package var json: JSONObject {
        var object: JSONObject = [
            "agent_id": .string(self.id.hex), "session_id": .string(self.session.hex), "name": .string(self.name),
            "path": .string(self.path), "state": .string(self.state.rawValue),
            "parent_id": self.parent.map { .string($0.hex) } ?? .null, "gated": .bool(self.isGated),
        ]
        if self.isSuspended { object["suspended"] = true }
        object["quarantine"] = self.quarantine.map(JSONValue.string)
        return object
    }
}

/// All that is known of one agent.
package struct AgentInspection: Hashable, Sendable {
    package let summary: AgentSummary
    package let instructions: String
    package let provider: String
    package let model: String
    package let metadata: [String: String]
    /// Where it works.
    package let workspace: WorkspaceKey?
    package let children: [AgentSummary]
    package let inbox: [InboxEntry]

    package var json: JSONObject {
        var object = self.summary.json
        object["parent"] = self.summary.parent.map { .string($0.hex) } ?? .null
        object["instructions"] = .string(self.instructions)
        object["provider"] = .string(self.provider)
        object["model"] = .string(self.model)
        var metadata: JSONObject = [:]
        for (key, value) in self.metadata.sorted(by: { $0.key < $1.key }) { metadata[key] = .string(value) }
        object["metadata"] = .object(metadata)
        object["workspace"] = self.workspace?.json ?? .null
        object["children"] = .array(self.children.map { .object($0.json) })
        object["inbox"] = .array(self.inbox.map { .object($0.json) })
        return object
    }
}

/// A message that waits, or that the operator has taken.
package struct InboxEntry: Hashable, Sendable {
    package let id: EnvelopeID
    package let sender: AgentID
    package let senderName: String
    package let text: String
    package let kind: EnvelopeKind
    package let replyTo: EnvelopeID?
    package let timestamp: Timestamp?

    /// With the sender's name in `from` and its id in `from_id`.
    package var json: JSONObject {
        [
            "from": .string(self.senderName), "from_id": .string(self.sender.hex), "text": .string(self.text),
            "message_id": .string(self.id.hex), "kind": .string(self.kind.rawValue),
            "reply_to": self.replyTo.map { .string($0.hex) } ?? .null,
            "timestamp": self.timestamp.map { .string($0.logText) } ?? .null,
        ]
    }
}
