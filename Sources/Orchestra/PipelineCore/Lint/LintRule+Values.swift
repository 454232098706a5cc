import DotLanguage
import Vocabulary

/// What attributes say.
extension LintRule {
    /// `attr_type`, `policy_known`, `fidelity_valid` and `condition_syntax`: what could not be read.
    static let attributes = LintRule { subject in
        subject.graph.problems.map { problem in
            let code = Diagnostic.Code(problem.rule)
            return Diagnostic(
                code, problem.message, severity: code == .fidelityValid ? .warning : .error, range: problem.range,
                subject: problem.subject, token: problem.value, hint: problem.fix)
        } + subject.graph.nodes.flatMap(negativeDurations)
    }

    private static func negativeDurations(of node: PipelineNode) -> [Diagnostic] {
        let durations = [("timeout", node.timeout), ("manager.poll_interval", node.manager.pollInterval)]
        return durations.filter { ($0.1 ?? .zero) < .zero }.map { key, _ in
            node.diagnostic(
                .attrType, "\(key) of \(node.id) is less than nothing", .error, key: key, hint: "write it like 90s")
        }
    }

    static let stylesheet = LintRule { subject in
        let keys = ["model_stylesheet", "model_spec"]
        guard let attribute = keys.compactMap({ subject.graph.attributes.all[$0] }).first else { return [] }
        let stylesheet: Stylesheet
        do throws(StylesheetError) {
            stylesheet = try Stylesheet(parsing: attribute.value.text)
        } catch {
            return [
                Diagnostic(
                    .stylesheetSyntax, "the stylesheet does not parse: \(error.message)", range: attribute.valueRange,
                    token: error.found, expected: [error.expected], hint: "write rules like .class { llm_model: name; }"
                )
            ]
        }
        return complaints(about: stylesheet, of: attribute, in: subject.graph)
    }

    private static func complaints(
        about stylesheet: Stylesheet, of attribute: DotAttribute, in graph: PipelineGraph
    ) -> [Diagnostic] {
        let properties = Stylesheet.Property.allCases.map(\.rawValue).joined(separator: ", ")
        return stylesheet.rules.flatMap { rule in
            var found = rule.unknown.map { name in
                Diagnostic(
                    .stylesheetProperty, "the stylesheet sets \(name), which is no property of a model",
                    severity: .warning, range: attribute.valueRange, token: name, hint: "use one of \(properties)")
            }
            if !graph.nodes.contains(where: { Stylesheet.matches(rule.selector, $0) }) {
                found.append(
                    Diagnostic(
                        .stylesheetUnused, "the selector \(rule.selector) of the stylesheet matches no node",
                        severity: .info, range: attribute.valueRange, token: rule.selector.description,
                        hint: "remove the rule, or give a node what it selects"))
            }
            return found
        }
    }

    static let typeKnown = LintRule { subject in
        subject.graph.nodes.filter { !$0.isHandlerKnown }.map { node in
            let key = node.type.isEmpty ? "shape" : "type"
            return node.diagnostic(
                .typeKnown,
                "\(node.id) has the \(key) \(node.type.isEmpty ? node.shape : node.type), which nothing handles",
                .warning, key: key, hint: "it is run as \(node.handler); use one of \(known(key))")
        }
    }

    /// A node that says so must not go on as if it had not.
    static let modeKnown = LintRule { subject in
        subject.graph.nodes.compactMap { node in
            guard let mode = node.attributes["agent.mode"]?.value.text, mode != "interactive" else { return nil }
            return node.diagnostic(
                .modeKnown, "\(node.id) has the unknown mode \(mode.quotedForPeople())", .error, key: "agent.mode",
                hint: "write interactive, or leave agent.mode out")
        }
    }

    private static func known(_ key: String) -> String {
        let types = HandlerType.builtIn.map(\.text)
        let shapes = HandlerType.byShape.keys
        return (key == "type" ? types : Array(shapes)).sorted().joined(separator: ", ")
    }

    static let retryTargetExists = LintRule { subject in
        let graph = subject.graph
        let keys = ["retry_target", "fallback_retry_target"]
        func isMissing(_ attribute: DotAttribute) -> Bool {
            !attribute.value.text.isEmpty && graph[NodeID(attribute.value.text)] == nil
        }
        let ofGraph = keys.compactMap { graph.attributes.all[$0] }.filter(isMissing).map { attribute in
            Diagnostic(
                .retryTargetExists, "\(attribute.key) of the graph names \(attribute.value.text), which is no node",
                severity: .warning, range: attribute.valueRange, token: attribute.value.text, hint: "name a node")
        }
        let ofNodes = graph.nodes.flatMap { node in
            keys.compactMap { node.attributes[$0] }.filter(isMissing).map { attribute in
                node.diagnostic(
                    .retryTargetExists,
                    "\(attribute.key) of \(node.id) names \(attribute.value.text), which is no node", .warning,
                    key: attribute.key, hint: "name a node")
            }
        }
        return ofGraph + ofNodes
    }

    /// Graphviz tools refuse them; one finding per key, at its first place.
    static let dottedKeyUnquoted = LintRule { subject in
        let graph = subject.graph
        let all =
            graph.attributes.all.all + graph.nodes.flatMap(\.attributes.all) + graph.edges.flatMap(\.attributes.all)
        let dotted = all.filter { !$0.isKeyQuoted && $0.keyRange != .none && $0.key.utf8.contains(UInt8(ascii: ".")) }
        let firsts = Dictionary(dotted.map { ($0.key, $0) }) { left, right in
            left.keyRange.start <= right.keyRange.start ? left : right
        }
        return firsts.values.sorted { $0.keyRange.start < $1.keyRange.start }.map { attribute in
            Diagnostic(
                .dottedKeyUnquoted, "Graphviz does not read the key \(attribute.key) without quotes", severity: .info,
                range: attribute.keyRange, token: attribute.key, hint: "write \"\(attribute.key)\"=...")
        }
    }

    /// Keys that are read from the context without saying so, and clauses without a comparison (D11).
    static let conditionKeys = LintRule { subject in
        subject.graph.edges.flatMap { edge -> [Diagnostic] in
            guard case .parsed(let condition) = edge.condition else { return [] }
            return condition.clauses.compactMap { clause in
                let isQualified =
                    ["outcome", "preferred_label"].contains(clause.key) || clause.key.hasPrefix("context.")
                if isQualified, clause.test != .isTruthy { return nil }
                let what = isQualified ? "is compared with nothing" : "is read from the context"
                return edge.diagnostic(
                    .conditionKeyUnqualified, "\(clause.key) \(what)", .info, key: "condition",
                    hint: isQualified ? "write \(clause.key)=true, say" : "write context.\(clause.key)")
            }
        }
    }
}

extension AttributeProblem {
    fileprivate var subject: Diagnostic.Subject {
        switch self.owner {
        case .graph: .file
        case .node(let id): .node(id.text)
        case .edge(let from, let to): .edge(from: from.text, to: to.text)
        }
    }
}
