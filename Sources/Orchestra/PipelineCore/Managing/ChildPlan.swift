package import Vocabulary

/// All that is needed to begin the child of a manager loop; the same before and after a crash.
package struct ChildPlan: Sendable, Hashable {
    /// Of the attempt of the manager loop.
    package let key: AttemptKey
    package let node: NodeID
    /// The manager starts it, and stops it; else it is watched only.
    package let isOwn: Bool
    /// The pipeline, as the file names it; relative to where the manager's own commands run.
    package let file: String
    /// Where its commands run; empty for where the manager's do.
    package let workdir: String
    /// The session to watch, where the child is not the manager's own.
    package let watched: String
    /// With which it begins.
    package let variables: JSONObject
    package let timeout: Duration?
}

extension ChildPlan {
    /// Managers in children of managers, at most: a pipeline may name itself.
    package static let depthMax = 8
    static let depthKey = "stack.depth"
    /// The session that a manager watches when it does not start one.
    package static let sessionKey = "stack.child.session"

    /// Why nothing can be begun; `nil` when it can.
    var problem: String? {
        if !self.isOwn {
            guard self.watched.isEmpty else { return nil }
            return "manager \(self.node) starts no child, and the context names none under \(Self.sessionKey)"
        }
        if self.file.isEmpty { return "manager \(self.node) has no stack.child_dotfile" }
        guard (self.variables[Self.depthKey]?.integer ?? 0) > Self.depthMax else { return nil }
        return "managers are nested more than \(Self.depthMax) deep at \(self.node)"
    }
}

extension PipelineRun {
    /// What the node knows of its own goes to the child; what belongs to the engine and to other nodes does not.
    func childPlan(of attempt: Attempt) -> ChildPlan {
        let node = self.graph[attempt.node]
        let ofGraph = self.graph.attributes
        var variables = JSONObject()
        for (key, value) in self.memory.context.values where !PipelineContext.isReserved(key) { variables[key] = value }
        variables["stack.parent.attempt"] = .string(attempt.key.text)
        variables[ChildPlan.depthKey] = .integer((self.memory.context[ChildPlan.depthKey]?.integer ?? 0) + 1)
        let manager = node?.manager
        return ChildPlan(
            key: attempt.key, node: attempt.node, isOwn: manager?.startsChild ?? true,
            file: manager?.childDotfile.orElse(ofGraph.childDotfile) ?? "",
            workdir: manager?.childWorkdir.orElse(ofGraph.childWorkdir) ?? "",
            watched: self.memory.context.text(ChildPlan.sessionKey), variables: variables, timeout: node?.timeout)
    }

    /// The plan of the child of the manager loop at work.
    package var childPlan: ChildPlan? {
        guard case .managing(let attempt, _) = self.phase else { return nil }
        return self.childPlan(of: attempt)
    }
}

extension String {
    fileprivate func orElse(_ other: String) -> String { self.isEmpty ? other : self }
}
