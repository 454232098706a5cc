import Vocabulary

extension PipelineRun {
    /// What a pure attempt comes to; the engine needs nobody for it.
    ///
    /// A codergen node among the pure handlers is simulated: by its script, or as a success.
    package func pureOutcome(of attempt: Attempt) -> Outcome {
        guard let node = self.graph[attempt.node] else { return .fail("no node \(attempt.node)", isRetryable: false) }
        if !node.simulatedOutcomes.isEmpty { return self.scripted(node, attempt) }
        switch attempt.handler {
        case .fanIn: return FanIn(node, in: self.graph, context: self.context).outcome()
        case .codergen: return Self.simulated(node)
        default: return .success
        }
    }

    private static func simulated(_ node: PipelineNode) -> Outcome {
        let text = "[Simulated] Response for stage: \(node.id)"
        return Outcome(.success, contextUpdates: ["last_response": .string(text)], notes: text)
    }

    /// The status that the script has for this attempt; the last one repeats.
    private func scripted(_ node: PipelineNode, _ attempt: Attempt) -> Outcome {
        let index = min(self.simulationIndex(of: attempt), node.simulatedOutcomes.count - 1)
        var outcome = Self.simulated(node)
        outcome.status = node.simulatedOutcomes[index]
        if !outcome.status.isGood { outcome.failureReason = "simulated \(outcome.status.lowercase)" }
        return outcome
    }

    /// Attempts of the node in all its visits before this one: it survives restarts.
    func simulationIndex(of attempt: Attempt) -> Int {
        Int(self.memory.context[self.simulationKey(attempt.node)]?.integer ?? 0) + attempt.number - 1
    }

    func simulationKey(_ node: NodeID) -> String { "internal.sim_attempts.\(node)" }
}
