import Vocabulary

/// What an LLM node is told beside its prompt (spec/orchestra.md 2.9).
package struct Briefing: Sendable, Hashable {
    package let fidelity: Fidelity
    /// The conversation to go on with; `nil` unless the fidelity is `full`.
    package let thread: String?
    /// Goes before the prompt; empty when the fidelity is `full`.
    package let preamble: String
}

extension PipelineRun {
    /// The briefing of the attempt at work.
    package func briefing(of attempt: Attempt) -> Briefing {
        let wanted = self.fidelity(at: attempt)
        let fidelity = wanted == .full && self.hasLostConversation ? Fidelity.summaryHigh : wanted
        return Briefing(
            fidelity: fidelity, thread: fidelity == .full ? self.thread(at: attempt) : nil,
            preamble: self.preamble(fidelity))
    }

    /// What the session was told from outside comes last; a conversation hears it too.
    private func preamble(_ fidelity: Fidelity) -> String {
        let text = Preamble(goal: self.graph.attributes.goal, run: self.settings.key, memory: self.memory)
            .text(fidelity)
        let instruction = self.context.text(Instruction.key)
        return [text, instruction.isEmpty ? "" : "Instruction: \(instruction)"].filter { !$0.isEmpty }
            .joined(separator: "\n")
    }

    /// By the edge, the node, the graph, or `compact`.
    private func fidelity(at attempt: Attempt) -> Fidelity {
        self.incomingEdge?.fidelity ?? self.graph[attempt.node]?.fidelity ?? self.graph.attributes.defaultFidelity
            ?? .compact
    }

    private func thread(at attempt: Attempt) -> String {
        let node = self.graph[attempt.node]
        let names = [
            node?.threadID, self.incomingEdge?.threadID, self.graph.attributes.defaultThreadID, node?.enclosingClass,
            self.memory.currentNode?.text,
        ]
        return names.compactMap { $0 }.first { !$0.isEmpty } ?? attempt.node.text
    }

    private var incomingEdge: PipelineEdge? {
        guard let index = self.memory.context["internal.incoming_edge"]?.integer else { return nil }
        return self.graph.edges.indices.contains(Int(index)) ? self.graph.edges[Int(index)] : nil
    }

    /// Whether `attempt` talks to a model in a thread.
    func usesConversation(_ attempt: Attempt) -> Bool {
        attempt.handler == .codergen && self.fidelity(at: attempt) == .full
    }
}
