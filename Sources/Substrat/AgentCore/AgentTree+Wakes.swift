import HashTreeCollections
import Vocabulary

/// Why an agent is not woken.
package enum WakeSkip: String, CaseIterable, Hashable, Sendable {
    case unknown = "it is not in the tree"
    case quarantined = "it is quarantined"
    case pending = "it has no session yet"
    case busy = "it has a turn"
    case gated = "it is gated"
    case suspended = "it is suspended"
    case idle = "nothing waits for it"
}

/// What a wake comes to.
package enum WakeVerdict: Hashable, Sendable {
    case start(TurnSource)
    case skip(WakeSkip)
}

extension AgentTree {
    /// The one rule of wakes: whether a turn may begin by itself, and with what.
    package func verdict(on agent: AgentID) -> WakeVerdict {
        guard let node = self.nodes[agent], let ledger = self.ledger(of: agent) else { return .skip(.unknown) }
        guard node.quarantine == nil else { return .skip(.quarantined) }
        guard !node.isPending else { return .skip(.pending) }
        guard ledger.turn == nil else { return .skip(.busy) }
        guard ledger.gate != .gated else { return .skip(.gated) }
        guard ledger.suspendedAt == nil else { return .skip(.suspended) }
        if let interrupted = ledger.interrupted, self.goesOn(interrupted) { return .start(.resume) }
        if !ledger.inbox.isEmpty { return .start(.wake) }
        if ledger.birth?.isSpawned == true, ledger.completedTurn == 0 { return .start(.bootstrap) }
        return .skip(.idle)
    }

    /// Whether an interrupted turn is gone on with as such, rather than woken by the mail that is pending anyway.
    private func goesOn(_ turn: OpenTurn) -> Bool {
        switch turn.start.source {
        case _ where turn.continues: true
        case .user, .resume: turn.isAsked || self.limits.resume != .none
        case .wake, .bootstrap: false
        }
    }

    /// What a turn shows of the inbox, and which messages those are.
    func mail(of agent: AgentID) -> (text: String, ids: [EnvelopeID]) {
        let shown = (self.ledger(of: agent)?.inbox.pending ?? []).prefix(self.limits.promptMax).map(\.envelope)
        guard shown.count != 1 else { return (self.heading(of: shown[0]) + "\n" + shown[0].payload, [shown[0].id]) }
        let lines = shown.enumerated().map { index, envelope in
            "\(index + 1). From \(self.displayName(of: envelope.sender)): \(envelope.payload)"
        }
        return (lines.joined(separator: "\n"), shown.map(\.id))
    }

    private func heading(of envelope: Envelope) -> String {
        let name = self.displayName(of: envelope.sender)
        guard envelope.metadata["implicit"] == "True", let request = envelope.replyTo else {
            return "Message from \(name):"
        }
        return "Reply from \(name) (to message \(request)):"
    }

    /// What a child hears first that was given no message.
    static var bootstrapPrompt: String { "You were created. Your task is in your instructions. Begin." }
}
