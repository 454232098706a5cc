/// The texts that make the instruction of an LLM node (spec/orchestra.md chapter 4, P1 6).
///
/// ```
///   role          who the agent is
///   persona       how that one thinks
///   personality   how that one speaks
///   task          what is to be done: a template over the context
/// ```
/// They are joined by blank lines. Without a task the prompt of the node takes its place.
package struct PromptLayers: Sendable, Equatable {
    /// Of role, persona and personality, those that are there.
    package let texts: [String]
    package let task: Template?

    package init(texts: [String], task: Template?) {
        self.texts = texts
        self.task = task
    }
}

extension PipelineNode {
    /// What the node is told in `context`: its layers, or else its prompt or label.
    ///
    /// A name that the context does not have is an error of the task.
    package func instruction(in context: PipelineContext) throws(TemplateError) -> String {
        guard let layers else { return self.instruction }
        let task = try layers.task?.filled(from: context, by: .prompt) ?? self.instruction
        return (layers.texts + [task]).map { $0.trimmed }.filter { !$0.isEmpty }.joined(separator: "\n\n")
    }
}
