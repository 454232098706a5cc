package import PipelineCore
import Vocabulary

/// Lets an agent do a codergen node.
package struct CodergenHandler: NodeHandler {
    private let agent: any ModelBackEnd

    package init(_ agent: any ModelBackEnd) {
        self.agent = agent
    }

    /// The answer is a success unless the agent wrote a status file. At an interactive node it goes to a person first,
    /// unless such a file ends the talk.
    package func run(_ call: HandlerCall) async -> Outcome? {
        await self.agent.ask(call) { text in
            var updates = ResponseKeys.lift(from: text, declared: call.node.contextKeys)
            let shown = String(text.prefix(ModelAnswer.shownMax))
            updates["last_response"] = .string(shown)
            var outcome = Outcome(.success, contextUpdates: updates, notes: shown)
            if call.node.agent.isInteractive { outcome.saying = shown }
            return outcome
        }
    }
}

/// Lets an agent choose the best branch at a fan-in that has a prompt; without an agent, or a usable answer, the rules
/// choose.
package struct FanInHandler: NodeHandler {
    private let agent: (any ModelBackEnd)?

    package init(_ agent: (any ModelBackEnd)?) {
        self.agent = agent
    }

    package func run(_ call: HandlerCall) async -> Outcome? {
        let fanIn = FanIn(call.node, in: call.graph, context: call.context)
        guard !call.node.prompt.isEmpty, let agent else { return fanIn.outcome() }
        let asked = await agent.ask(call) { text in
            Outcome(.success, notes: fanIn.choice(in: text) ?? "")
        }
        guard !Task.isCancelled else { return asked }
        if asked.status != .success {
            call.report(.note("no agent chose at \(call.node.id), so the rules do: \(asked.failureReason)"))
        }
        return fanIn.outcome(choosing: asked.status == .success ? asked.notes : nil)
    }
}
