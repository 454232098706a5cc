import DotLanguage

/// What nodes need for their work.
extension LintRule {
    static let promptOnLLMNodes = LintRule { subject in
        subject.graph.nodes.filter { node in
            node.handler == .codergen && node.prompt.isEmpty && node.label == node.id.text
                && node.agent.name.isEmpty && node.agent.task.isEmpty && node.layers == nil
        }.map { node in
            node.diagnostic(
                .promptOnLLMNodes, "\(node.id) has neither a prompt nor a label", .warning,
                hint: "write \(node.id) [prompt=\"...\"]")
        }
    }

    static let toolCommandOnToolNodes = LintRule { subject in
        subject.graph.nodes.filter { $0.handler == .tool && $0.toolCommand.isEmpty }.map { node in
            node.diagnostic(
                .toolCommandOnToolNodes, "the tool node \(node.id) has no tool_command", .warning,
                hint: "write \(node.id) [tool_command=\"...\"]")
        }
    }

    /// A manager loop that can only fail: nothing says what it is to start, or what it is to tell.
    static let managerChild = LintRule { subject in
        let ofGraph = subject.graph.attributes.childDotfile
        return subject.graph.nodes.filter { $0.handler == .managerLoop }.flatMap { node -> [Diagnostic] in
            var found: [Diagnostic] = []
            if node.manager.startsChild, node.manager.childDotfile.isEmpty, ofGraph.isEmpty {
                found.append(
                    node.diagnostic(
                        .managerChild, "the manager \(node.id) has no pipeline to start", .error,
                        hint: "write \"stack.child_dotfile\"=\"child.dot\" on it or on the graph"))
            }
            if node.manager.actions.contains(.steer), node.prompt.isEmpty {
                found.append(
                    node.diagnostic(
                        .managerChild, "the manager \(node.id) is to steer, and has no prompt to do it with", .error,
                        key: "manager.actions", hint: "write \(node.id) [prompt=\"...\"]"))
            }
            return found
        }
    }

    static let humanGateChoices = LintRule { subject in
        subject.graph.nodes.filter { $0.handler == .human }.flatMap { node in
            choices(at: node, subject.graph.edges(from: node.id), in: subject.graph)
        }
    }

    private static func choices(
        at node: PipelineNode, _ edges: [PipelineEdge], in graph: PipelineGraph
    ) -> [Diagnostic] {
        guard !edges.isEmpty else {
            return [
                node.diagnostic(
                    .humanGateChoices, "the gate \(node.id) has no outgoing edge to choose", .warning,
                    hint: "add an edge for each choice")
            ]
        }
        var found = edges.filter(\.isConditional).map { edge in
            edge.diagnostic(
                .humanGateChoices, "a choice of the gate \(node.id) has a condition, which hides what was chosen",
                .warning, key: "condition", hint: "put a diamond behind the gate for conditions")
        }
        var owners: [String: String] = [:]
        for edge in edges {
            let text = edge.label.isEmpty ? edge.to.text : edge.label
            let key = Accelerator(text).key
            if let owner = owners[key] {
                found.append(
                    edge.diagnostic(
                        .humanGateChoices, "\(owner) and \(text) at the gate \(node.id) have the same key \(key)",
                        .warning, key: "label", hint: "give each a key: label=\"[K] \(text)\""))
            } else {
                owners[key] = text
            }
        }
        if !node.humanDefaultChoice.isEmpty, HumanGate(node, in: graph).standard == nil {
            found.append(
                node.diagnostic(
                    .humanGateChoices, "human.default_choice of \(node.id) names none of its choices", .warning,
                    key: "human.default_choice", hint: "name the key, the label or the target of an edge"))
        }
        return found
    }

    /// `goal_gate_has_retry`, and `goal_gate_way_back`: a target from which the gate is not reached again.
    static let goalGates = LintRule { subject in
        let graph = subject.graph
        let ofGraph = [graph.attributes.retryTarget, graph.attributes.fallbackRetryTarget]
        return graph.nodes.filter(\.isGoalGate).compactMap { node in
            let named = ([node.retryTarget, node.fallbackRetryTarget] + ofGraph).compactMap(\.self)
            guard !named.isEmpty else {
                return node.diagnostic(
                    .goalGateHasRetry,
                    "the goal gate \(node.id) has no retry target: when it is not met, the run fails",
                    .warning, hint: "write retry_target=... on \(node.id) or on the graph")
            }
            guard let target = named.first(where: { graph[$0] != nil }), target != node.id,
                subject.path(from: target, to: { $0 == node.id }) == nil
            else { return nil }
            let isEnd = { (id: NodeID) in graph[id]?.handler == .exit }
            return node.diagnostic(
                .goalGateWayBack, "the goal gate \(node.id) is not reached again from its retry target \(target)",
                .warning, key: "retry_target", hint: "name a node from which an edge leads back to \(node.id)",
                witness: subject.path(from: target, to: isEnd) ?? [target.text])
        }
    }
}
