package import DotLanguage

/// One thing that a pipeline is checked for before it is run (spec/orchestra.md 1.9).
package struct LintRule: Sendable {
    package let check: @Sendable (LintGraph) -> [Diagnostic]

    package init(check: @escaping @Sendable (LintGraph) -> [Diagnostic]) {
        self.check = check
    }
}

extension PipelineGraph {
    /// All that is to say about the graph, rule by rule, `extra` rules after the built-in ones.
    ///
    /// Call it on the graph that is run, after all transforms. `path` is how diagnostics call the file.
    package func diagnostics(path: String = "", extra: [LintRule] = []) -> [Diagnostic] {
        let subject = LintGraph(self)
        return (LintRule.builtIn + extra).flatMap { $0.check(subject) }.map { diagnostic in
            var placed = diagnostic
            if placed.path.isEmpty { placed.path = path }
            return placed
        }
    }

    /// Throws when there is any error; else gives the warnings and remarks.
    @discardableResult
    package func validate(path: String = "", extra: [LintRule] = []) throws(LintFailure) -> [Diagnostic] {
        let diagnostics = self.diagnostics(path: path, extra: extra)
        guard !diagnostics.contains(where: { $0.severity == .error }) else {
            throw LintFailure(diagnostics: diagnostics)
        }
        return diagnostics
    }
}

/// Why a pipeline must not be run; at least one of them is an error.
package struct LintFailure: Error, Sendable, Equatable {
    package let diagnostics: [Diagnostic]
}

/// From the text of a pipeline to a graph that can be run.
package struct Compilation: Sendable {
    /// As far as it came: `nil` when the text does not parse.
    package let graph: PipelineGraph?
    /// As written, `nil` when the text does not parse.
    package let source: DotGraph?
    package let diagnostics: [Diagnostic]

    /// Whether it may be run.
    package var isSound: Bool { self.graph != nil && !self.diagnostics.contains { $0.severity == .error } }

    /// Parses, transforms and checks, in this order.
    ///
    /// - Parameters:
    ///   - path: how diagnostics call the file.
    ///   - transforms: applied in their order, after `$goal` and the stylesheet.
    ///   - rules: checked after the built-in ones.
    package init(
        _ bytes: [UInt8], path: String, handlers: Set<HandlerType> = HandlerType.builtIn,
        transforms: [(PipelineGraph) -> PipelineGraph] = [], rules: [LintRule] = []
    ) {
        let (source, refusals) = DotFile.parse(bytes, path: path)
        let prepared = source.map { PipelineGraph($0, handlers: handlers).prepared() }
        let graph = prepared.map { transforms.reduce($0) { graph, transform in transform(graph) } }
        self.source = source
        self.graph = graph
        self.diagnostics = refusals + (graph?.diagnostics(path: path, extra: rules) ?? [])
    }
}
