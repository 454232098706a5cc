package import DotLanguage

/// A node with its attributes as typed values (spec/orchestra.md 1.6).
///
/// A text that is not there is empty, as in the file. What custom handlers need is in `attributes`, word for word.
package struct PipelineNode: Sendable, Equatable {
    package let id: NodeID
    package let attributes: DotAttributes
    package let range: SourceRange
    package let label: String
    package let shape: String
    /// The attribute; what runs the node is `handler`.
    package let type: String
    package var handler: HandlerType
    /// Whether type and shape name a handler there is.
    package let isHandlerKnown: Bool
    package var prompt: String
    /// Of its agent, put in by `prompted(by:)`.
    package var layers: PromptLayers?
    package let maxRetries: Int?
    package let backoffPolicy: BackoffPolicy
    package let isGoalGate: Bool
    package let retryTarget: NodeID?
    package let fallbackRetryTarget: NodeID?
    package let allowsPartial: Bool
    package let hasAutoStatus: Bool
    package let timeout: Duration?
    package let fidelity: Fidelity?
    package let threadID: String
    /// Of its subgraphs, outermost first, then its own.
    package let classes: [String]
    /// The class of the innermost subgraph with a label.
    package let enclosingClass: String?
    package var llmModel: String
    package var llmProvider: String
    package var reasoningEffort: String
    /// How free a model is in its choice of words; `nil` for what its server takes.
    package let temperature: Double?
    /// How long an answer of a model may be; `nil` for what its server takes.
    package let maxTokens: Int?
    package let toolCommand: String
    /// Under which a tool files its output.
    package let toolName: String
    package let maxParallel: Int
    package let joinPolicy: JoinPolicy?
    package let errorPolicy: ErrorPolicy
    package let k: Int?
    package let quorumPercent: Double?
    package let humanDefaultChoice: String
    package let agent: AgentAttributes
    package let manager: ManagerAttributes
    package let simulatedOutcomes: [StageStatus]
    /// Safe to run again after a crash without asking.
    package let isIdempotent: Bool
    /// The keys that may be lifted from a response; `nil` when the file does not say.
    package let contextKeys: [String]?
    package let toolHooks: ToolHooks
}

/// The agent of an LLM node.
package struct AgentAttributes: Sendable, Equatable {
    /// Names an entry of `orchestra.yaml`.
    package let name: String
    package let isInteractive: Bool
    package let role: String
    package let persona: String
    package let personality: String
    package let task: String
}

/// How a manager loop watches its child.
package struct ManagerAttributes: Sendable, Equatable {
    package let pollInterval: Duration
    package let maxCycles: Int
    /// `nil` when only the child decides.
    package let stopCondition: Condition?
    package let actions: Set<ManagerAction>
    package let startsChild: Bool
    /// These come before what the graph says.
    package let childDotfile: String
    package let childWorkdir: String
}

/// What a manager loop does in a cycle, beside judging what it sees.
package enum ManagerAction: String, NamedPolicy {
    /// Looks at the child, which it always does.
    case observe
    /// Tells the child what its prompt comes to.
    case steer
    /// Waits for `manager.poll_interval` before the next cycle.
    case wait
}

/// Shell commands around each tool call of a model.
package struct ToolHooks: Sendable, Equatable {
    package let pre: String
    package let post: String
}

extension PipelineNode {
    /// How many branches of a parallel node run at once when the file does not say.
    package static let maxParallelDefault = 4

    init(_ node: DotNode, registered: Set<HandlerType>, problems: inout [AttributeProblem]) {
        var reader = AttributeReader(node.attributes, of: .node(NodeID(node.id)))
        self.id = NodeID(node.id)
        self.attributes = node.attributes
        self.range = node.range
        self.label = reader.text("label").isEmpty ? node.id : reader.text("label")
        self.shape = reader.text("shape").isEmpty ? "box" : reader.text("shape")
        self.type = reader.text("type")
        (self.handler, self.isHandlerKnown) = HandlerType.resolve(type: type, shape: shape, among: registered)
        self.prompt = reader.text("prompt")
        self.maxRetries = reader.integer("max_retries")
        self.backoffPolicy = reader.policy("backoff_policy") ?? .standard
        self.isGoalGate = reader.boolean("goal_gate") ?? false
        self.retryTarget = reader.node("retry_target")
        self.fallbackRetryTarget = reader.node("fallback_retry_target")
        self.allowsPartial = reader.boolean("allow_partial") ?? false
        self.hasAutoStatus = reader.boolean("auto_status") ?? false
        self.timeout = reader.duration("timeout")
        self.fidelity = reader.fidelity("fidelity")
        self.threadID = reader.text("thread_id")
        self.classes = node.derivedClasses + reader.list("class")
        self.enclosingClass = node.derivedClasses.last
        self.llmModel = reader.text("llm_model")
        self.llmProvider = reader.text("llm_provider")
        self.reasoningEffort = reader.text("reasoning_effort")
        self.temperature = reader.number("temperature")
        self.maxTokens = reader.integer("max_tokens", atLeast: 1)
        self.toolCommand = reader.text("tool_command")
        self.toolName = reader.text("name").isEmpty ? node.id : reader.text("name")
        self.maxParallel = reader.integer("max_parallel", atLeast: 1) ?? Self.maxParallelDefault
        self.joinPolicy = reader.policy("join_policy")
        self.errorPolicy = reader.policy("error_policy") ?? .continue
        self.k = reader.integer("k", atLeast: 1)
        self.quorumPercent = reader.number("quorum_percent")
        self.humanDefaultChoice = reader.text("human.default_choice")
        self.agent = AgentAttributes(&reader)
        self.manager = ManagerAttributes(&reader)
        self.simulatedOutcomes = reader.statuses("sim_outcomes")
        self.isIdempotent = reader.boolean("idempotent") ?? false
        self.contextKeys = node.attributes["context_keys"] == nil ? nil : reader.list("context_keys")
        self.toolHooks = ToolHooks(reader)
        problems += reader.problems
    }

    /// What an LLM node without layers is told: its prompt, else its label.
    package var instruction: String { self.prompt.isEmpty ? self.label : self.prompt }
}

extension AgentAttributes {
    fileprivate init(_ reader: inout AttributeReader) {
        self.name = reader.text("agent")
        self.isInteractive = reader.text("agent.mode") == "interactive"
        self.role = reader.text("agent.role")
        self.persona = reader.text("agent.persona")
        self.personality = reader.text("agent.personality")
        self.task = reader.text("agent.task")
    }
}

extension ManagerAttributes {
    fileprivate init(_ reader: inout AttributeReader) {
        self.pollInterval = reader.duration("manager.poll_interval") ?? .seconds(45)
        self.maxCycles = reader.integer("manager.max_cycles", atLeast: 1) ?? 1_000
        self.stopCondition = reader.condition("manager.stop_condition")
        self.actions = reader.actions("manager.actions")
        self.startsChild = reader.boolean("stack.child_autostart") ?? true
        self.childDotfile = reader.text("stack.child_dotfile")
        self.childWorkdir = reader.text("stack.child_workdir")
    }
}

extension ToolHooks {
    init(_ reader: AttributeReader) {
        self.pre = reader.text("tool_hooks.pre")
        self.post = reader.text("tool_hooks.post")
    }
}
