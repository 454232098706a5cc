package import DotLanguage

/// The attributes of the graph itself as typed values (spec/orchestra.md 1.5).
package struct GraphAttributes: Sendable, Equatable {
    package let all: DotAttributes
    package let goal: String
    package let label: String
    package let modelStylesheet: String
    package let defaultMaxRetries: Int
    package let retryTarget: NodeID?
    package let fallbackRetryTarget: NodeID?
    package let defaultFidelity: Fidelity?
    package let defaultThreadID: String
    package let llmModel: String
    package let llmProvider: String
    package let reasoningEffort: String
    package let maxReroutes: Int
    /// 0 for no limit.
    package let maxSteps: Int
    package let childDotfile: String
    package let childWorkdir: String
    package let toolHooks: ToolHooks
}

extension GraphAttributes {
    /// Jumps to retry targets in one run, when the file does not say.
    package static let maxReroutesDefault = 50

    init(_ attributes: DotAttributes, problems: inout [AttributeProblem]) {
        var reader = AttributeReader(attributes, of: .graph)
        self.all = attributes
        self.goal = reader.text("goal")
        self.label = reader.text("label")
        self.modelStylesheet = reader.text("model_stylesheet", "model_spec")
        self.defaultMaxRetries = reader.integer("default_max_retries", "default_max_retry") ?? 0
        self.retryTarget = reader.node("retry_target")
        self.fallbackRetryTarget = reader.node("fallback_retry_target")
        self.defaultFidelity = reader.fidelity("default_fidelity")
        self.defaultThreadID = reader.text("default_thread_id")
        self.llmModel = reader.text("llm_model")
        self.llmProvider = reader.text("llm_provider")
        self.reasoningEffort = reader.text("reasoning_effort")
        self.maxReroutes = reader.integer("max_reroutes") ?? Self.maxReroutesDefault
        self.maxSteps = reader.integer("max_steps") ?? 0
        self.childDotfile = reader.text("stack.child_dotfile")
        self.childWorkdir = reader.text("stack.child_workdir")
        self.toolHooks = ToolHooks(reader)
        problems += reader.problems
    }
}
