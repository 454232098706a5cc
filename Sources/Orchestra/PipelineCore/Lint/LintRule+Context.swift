import DotLanguage

/// Keys of the context that are read before anything can have written them.
extension LintRule {
    static let contextKeyUnwritten = LintRule { subject in
        var writers = ContextWriters(subject)
        let ofEdges = subject.graph.edges.flatMap { edge -> [Diagnostic] in
            guard let condition = edge.parsed, subject.reachable.contains(edge.from) else { return [] }
            return condition.clauses.filter { !writers.mayHaveWritten($0.key, behind: edge.from) }.map { clause in
                edge.diagnostic(
                    .contextKeyUnwritten, "the condition reads \(clause.key) before anything can have written it",
                    .warning, key: "condition", hint: "only \(writers.who(writes: clause.key)) writes it",
                    witness: subject.path(to: edge.from))
            }
        }
        let ofTools = subject.graph.nodes.filter { $0.handler == .tool && subject.reachable.contains($0.id) }
        return ofEdges
            + ofTools.flatMap { node in
                templateKeys(in: node.toolCommand).filter { !writers.mayHaveWritten($0, before: node.id) }.map { key in
                    node.diagnostic(
                        .contextKeyUnwritten,
                        "tool_command of \(node.id) reads \(key) before anything can have written it",
                        .warning, key: "tool_command", hint: "only \(writers.who(writes: key)) writes it",
                        witness: subject.path(to: node.id))
                }
            }
    }

    /// A command that cannot be filled, so that its node can only fail; an instruction, so that none is ever given.
    static let templateSyntax = LintRule { subject in
        subject.graph.nodes.compactMap { node in
            guard let (key, text) = node.template else { return nil }
            do throws(TemplateError) {
                _ = try Template(parsing: text)
                return nil
            } catch {
                return node.diagnostic(
                    .templateSyntax, "\(key) of \(node.id) cannot be filled: \(error)", .error,
                    key: key, hint: "write {{ key }} for a value of the context")
            }
        }
    }

    /// The keys that a command cannot do without; none when it cannot be read.
    private static func templateKeys(in text: String) -> [String] {
        let template = try? Template(parsing: text)
        var keys: [String] = []
        for key in (template?.parts ?? []).flatMap(\.keys) where !keys.contains(key) { keys.append(key) }
        return keys
    }
}

extension PipelineNode {
    /// What is filled from the context, and under which key it stands.
    fileprivate var template: (key: String, text: String)? {
        switch self.handler {
        case .tool: ("tool_command", self.toolCommand)
        case .managerLoop where self.manager.actions.contains(.steer): ("prompt", self.prompt)
        default: nil
        }
    }
}

extension Template.Part {
    /// What it puts in, without what only a test or a default asks for. A loop's own variable is no key.
    fileprivate var keys: [String] {
        switch self {
        case .text: []
        case .output(let expression): expression.keys
        case .choice(let branches): branches.flatMap { $0.parts.flatMap(\.keys) }
        case .loop(let variable, let list, let parts):
            list.keys
                + parts.flatMap(\.keys).filter { key in
                    ![variable, "loop"].contains { key == $0 || key.hasPrefix("\($0).") }
                }
        }
    }
}

extension Expression {
    fileprivate var keys: [String] {
        switch self {
        case .path(let names, _): [names.joined(separator: ".")]
        case .filter("default", _, _, _): []
        case .filter(_, let inner, _, _): inner.keys
        default: []
        }
    }
}

/// Who writes the keys that only the engine's own handlers write; of others nothing can be said, as a model, a custom
/// handler or the caller may have.
private struct ContextWriters {
    private let subject: LintGraph
    private var reached: [String: Set<NodeID>] = [:]

    init(_ subject: LintGraph) { self.subject = subject }

    /// Whether `key` can be there when the edges of `node` are looked at.
    mutating func mayHaveWritten(_ key: String, behind node: NodeID) -> Bool {
        guard let writers = self.writers(of: key) else { return true }
        return writers.contains(node) || self.after(key, writers).contains(node)
    }

    /// Whether `key` can be there when `node` starts.
    mutating func mayHaveWritten(_ key: String, before node: NodeID) -> Bool {
        guard let writers = self.writers(of: key) else { return true }
        return self.after(key, writers).contains(node)
    }

    func who(writes key: String) -> String {
        let parts = Self.parts(key)
        return switch parts[0] {
        case "tool": "a tool node"
        case "tools": "a tool node called \(parts.dropFirst().first ?? "so")"
        case "human": "a human gate"
        case "node_visits": "a visit of \(parts.dropFirst().joined(separator: "."))"
        default: "a parallel node or its fan-in"
        }
    }

    /// `nil` for keys that anybody may write.
    private func writers(of key: String) -> [NodeID]? {
        let parts = Self.parts(key)
        guard parts.count > 1 else { return nil }
        let belongs: (PipelineNode) -> Bool
        switch parts[0] {
        case "tool": belongs = { $0.handler == .tool }
        case "tools": belongs = { $0.handler == .tool && $0.toolName == parts[1] }
        case "human": belongs = { $0.handler == .human }
        case "node_visits": belongs = { $0.id.text == parts[1] }
        case "parallel": belongs = { $0.handler == .parallel || $0.handler == .fanIn }
        default: return nil
        }
        // A handler that somebody registered may write what it likes.
        guard !self.subject.graph.nodes.contains(where: { !HandlerType.builtIn.contains($0.handler) }) else {
            return nil
        }
        return self.subject.graph.nodes.filter(belongs).map(\.id)
    }

    private mutating func after(_ key: String, _ writers: [NodeID]) -> Set<NodeID> {
        let family = Self.parts(key).prefix(2).joined(separator: ".")
        if let known = self.reached[family] { return known }
        let found = self.subject.after(writers)
        self.reached[family] = found
        return found
    }

    /// The parts of the key, without a leading `context`.
    private static func parts(_ key: String) -> [String] {
        let bare = key.hasPrefix("context.") ? String(key.dropFirst("context.".count)) : key
        return bare.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    }
}
