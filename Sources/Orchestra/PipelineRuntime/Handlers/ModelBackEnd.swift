package import PipelineCore

/// Who answers the prompts of LLM nodes: a program, or a server (spec/orchestra.md chapter 4, P1 5).
package protocol ModelBackEnd: Sendable {
    /// Asks once, and makes an outcome of the answer with `conclude`. What fails, fails the attempt.
    ///
    /// When its task is cancelled it ends what it does at once.
    func ask(_ call: HandlerCall, conclude: @escaping @Sendable (String) -> Outcome) async -> Outcome
}

/// How much of an answer the context holds; all of it is a file.
enum ModelAnswer {
    static let shownMax = 16_000
}

extension HandlerCall {
    /// What a model is told: what went before, then the instruction.
    func prompt() throws(TemplateError) -> String {
        [self.briefing.preamble, try self.node.instruction(in: self.context)].filter { !$0.isEmpty }
            .joined(separator: "\n\n")
    }

    /// What was said at an interactive node before.
    var talk: [Talk.Turn] {
        self.node.agent.isInteractive ? Talk(at: self.attempt, in: self.context).turns : []
    }

    /// The prompt for those who take one text: what was said before follows it.
    func transcript() throws(TemplateError) -> String {
        let prompt = try self.prompt()
        guard !self.talk.isEmpty else { return prompt }
        let lines = self.talk.map { "\($0.isOfAgent ? "You" : "Person"): \($0.text)" }
        return ([prompt, "The conversation so far:"] + lines).joined(separator: "\n\n")
    }

    /// What an attempt comes to whose instruction lacks something: no other attempt would have it.
    func failure(_ error: TemplateError) -> Outcome {
        .fail("the task of node \(self.node.id) cannot be put together: \(error)", isRetryable: false)
    }

    /// Of the node, or of the graph; empty when neither names one.
    var model: String { self.node.llmModel.isEmpty ? self.graph.attributes.llmModel : self.node.llmModel }

    /// Of the node, or of the graph; empty when neither names one.
    var provider: String { self.node.llmProvider.isEmpty ? self.graph.attributes.llmProvider : self.node.llmProvider }
}
