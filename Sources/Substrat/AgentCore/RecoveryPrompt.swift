import HashTreeCollections
import Vocabulary

extension AgentTree {
    /// What an agent hears after the daemon has died: what was lost, what took effect, what waits.
    func recoveryPrompt(for agent: AgentID, at now: Timestamp) -> String {
        guard let ledger = self.ledger(of: agent) else { return "" }
        let isAsked = ledger.interrupted?.isAsked == true
        var lines = [
            isAsked
                ? "The operator has you go on, at \(now), after the daemon had stopped without warning."
                : "The daemon was restarted at \(now) after it had stopped without warning."
        ]
        if let last = ledger.completedAt { lines.append("Your last finished turn ended at \(last).") }
        if let lost = ledger.interrupted {
            lines.append("This turn was cut off; your provider may remember a part of it:")
            lines.append(String(lost.start.prompt.prefix(500)))
            let calls = lost.calls.filter { if case .result = $0.outcome { true } else { false } }.map(\.call.tool)
            if !calls.isEmpty { lines.append("These calls took effect: \(calls.suffix(20).joined(separator: ", ")).") }
        }
        let children = (self.nodes[agent]?.children ?? []).prefix(10).compactMap(self.childLine)
        if !children.isEmpty { lines.append("Your children: \(children.joined(separator: "; ")).") }
        lines.append("Look at the workspace before you repeat anything that has effects.")
        return String(lines.joined(separator: "\n").prefix(2_000))
    }

    private func childLine(_ child: AgentID) -> String? {
        guard let node = self.nodes[child], let ledger = self.ledger(of: child) else { return nil }
        let flag = ledger.interrupted == nil ? "" : ", interrupted"
        return "\(node.name) (\(self.state(of: child).rawValue), \(ledger.inbox.count) pending\(flag))"
    }
}
