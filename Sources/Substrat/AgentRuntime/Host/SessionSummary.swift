package import AgentCore
import HashTreeCollections
package import Vocabulary

/// A session in a list: that of an agent, of one that has ended, or of nobody.
package struct SessionSummary: Hashable, Sendable {
    package let id: SessionID
    /// `nil` where its log does not say.
    package let agent: AgentID?
    /// The names from the root on, as far as they are known, joined by `/`.
    package let path: String
    package let standing: SessionStanding
    /// The operator keeps it from its turns.
    package let isSuspendedByHand: Bool
    package let provider: String
    package let model: String
    package let createdAt: Timestamp?
    /// `nil` unless it is suspended.
    package let suspendedAt: Timestamp?
    package let events: Int
    package let bytes: Int64
    /// Why it cannot be run, or why it has no agent; `nil` for nearly all.
    package let remark: String?

    package var json: JSONObject {
        var object: JSONObject = [
            "session_id": .string(self.id.hex), "agent_id": self.agent.map { .string($0.hex) } ?? .null,
            "path": .string(self.path), "state": .string(self.standing.rawValue),
            "by_hand": .bool(self.isSuspendedByHand), "provider": .string(self.provider),
            "model": .string(self.model), "created_at": self.createdAt.map { .string($0.logText) } ?? .null,
            "suspended_at": self.suspendedAt.map { .string($0.logText) } ?? .null,
            "events": .integer(Int64(self.events)), "bytes": .integer(self.bytes),
        ]
        object["remark"] = self.remark.map(JSONValue.string)
        return object
    }
}

/// A session that no agent was found to live in, or to have lived in.
struct StraySession: Sendable {
    let ledger: Ledger
    /// Why nobody can run it; `nil` for one whose agent was never made.
    let quarantine: String?

    static func find(
        _ found: [FoundSession], _ findings: RecoveryFindings, in tree: AgentTree
    ) -> [SessionID: StraySession] {
        var strays: [SessionID: StraySession] = [:]
        for ledger in found.map(\.ledger) {
            guard let session = ledger.log.session, !findings.leaving.contains(session),
                tree.agent(of: session) == nil, tree.ledgers[ledger.log] == nil
            else { continue }
            strays[session] = StraySession(ledger: ledger, quarantine: findings.quarantined[session])
        }
        return strays
    }
}
